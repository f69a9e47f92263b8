;; An HTTP handler: it answers every request with a greeting, written by hand in the text format so that no compiler is
;; needed. In WIT, its world is:
;;
;;     package example:main@0.1.0;
;;
;;     world main {
;;       import example:greeter/greet@0.1.0;          // `compose` links this to the component that exports it
;;       import wasi:http/types@0.2.0;                // nobody here exports this one: the runtime provides it
;;       export wasi:http/incoming-handler@0.2.0;     // what `compose serve` calls
;;     }

(component
  (import "example:greeter/greet@0.1.0" (instance $greeter
    (export "greet" (func (param "name" string) (result string)))))

  (import "wasi:io/error@0.2.0" (instance $error
    (export "error" (type (sub resource)))))
  (alias export $error "error" (type $io-error))

  (import "wasi:io/streams@0.2.0" (instance $streams
    (export "output-stream" (type $output-stream (sub resource)))
    (alias outer 1 $io-error (type $outer-error))
    (export "error" (type $error (eq $outer-error)))
    (type $stream-error' (variant (case "last-operation-failed" (own $error)) (case "closed")))
    (export "stream-error" (type $stream-error (eq $stream-error')))
    (export "[method]output-stream.blocking-write-and-flush"
      (func (param "self" (borrow $output-stream)) (param "contents" (list u8)) (result (result (error $stream-error)))))))
  (alias export $streams "output-stream" (type $output-stream))

  ;; A component imports only as much of an interface as it uses. The long list of errors is part of `response-outparam.set`.
  (import "wasi:http/types@0.2.0" (instance $http
    (alias outer 1 $output-stream (type $outer-stream))
    (export "output-stream" (type $output-stream (eq $outer-stream)))
    (export "fields" (type $fields (sub resource)))
    (export "trailers" (type $trailers (eq $fields)))
    (export "headers" (type $headers (eq $fields)))
    (export "incoming-request" (type (sub resource)))
    (export "outgoing-response" (type $outgoing-response (sub resource)))
    (export "outgoing-body" (type $outgoing-body (sub resource)))
    (export "response-outparam" (type $response-outparam (sub resource)))

    (type $option-string (option string))
    (type $option-u8 (option u8))
    (type $option-u16 (option u16))
    (type $option-u32 (option u32))
    (type $option-u64 (option u64))
    (type $dns-error' (record (field "rcode" $option-string) (field "info-code" $option-u16)))
    (export "DNS-error-payload" (type $dns-error (eq $dns-error')))
    (type $tls-alert' (record (field "alert-id" $option-u8) (field "alert-message" $option-string)))
    (export "TLS-alert-received-payload" (type $tls-alert (eq $tls-alert')))
    (type $field-size' (record (field "field-name" $option-string) (field "field-size" $option-u32)))
    (export "field-size-payload" (type $field-size (eq $field-size')))
    (type $option-field-size (option $field-size))
    (type $error-code' (variant
      (case "DNS-timeout")
      (case "DNS-error" $dns-error)
      (case "destination-not-found")
      (case "destination-unavailable")
      (case "destination-IP-prohibited")
      (case "destination-IP-unroutable")
      (case "connection-refused")
      (case "connection-terminated")
      (case "connection-timeout")
      (case "connection-read-timeout")
      (case "connection-write-timeout")
      (case "connection-limit-reached")
      (case "TLS-protocol-error")
      (case "TLS-certificate-error")
      (case "TLS-alert-received" $tls-alert)
      (case "HTTP-request-denied")
      (case "HTTP-request-length-required")
      (case "HTTP-request-body-size" $option-u64)
      (case "HTTP-request-method-invalid")
      (case "HTTP-request-URI-invalid")
      (case "HTTP-request-URI-too-long")
      (case "HTTP-request-header-section-size" $option-u32)
      (case "HTTP-request-header-size" $option-field-size)
      (case "HTTP-request-trailer-section-size" $option-u32)
      (case "HTTP-request-trailer-size" $field-size)
      (case "HTTP-response-incomplete")
      (case "HTTP-response-header-section-size" $option-u32)
      (case "HTTP-response-header-size" $field-size)
      (case "HTTP-response-body-size" $option-u64)
      (case "HTTP-response-trailer-section-size" $option-u32)
      (case "HTTP-response-trailer-size" $field-size)
      (case "HTTP-response-transfer-coding" $option-string)
      (case "HTTP-response-content-coding" $option-string)
      (case "HTTP-response-timeout")
      (case "HTTP-upgrade-failed")
      (case "HTTP-protocol-error")
      (case "loop-detected")
      (case "configuration-error")
      (case "internal-error" $option-string)))
    (export "error-code" (type $error-code (eq $error-code')))

    (export "[constructor]fields" (func (result (own $fields))))
    (export "[constructor]outgoing-response" (func (param "headers" (own $headers)) (result (own $outgoing-response))))
    (export "[method]outgoing-response.body"
      (func (param "self" (borrow $outgoing-response)) (result (result (own $outgoing-body)))))
    (export "[method]outgoing-body.write"
      (func (param "self" (borrow $outgoing-body)) (result (result (own $output-stream)))))
    (export "[static]outgoing-body.finish"
      (func (param "this" (own $outgoing-body)) (param "trailers" (option (own $trailers)))
        (result (result (error $error-code)))))
    (export "[static]response-outparam.set"
      (func (param "param" (own $response-outparam))
        (param "response" (result (own $outgoing-response) (error $error-code)))))))
  (alias export $http "incoming-request" (type $incoming-request))
  (alias export $http "response-outparam" (type $response-outparam))

  ;; The memory is a module of its own, because the imported functions need it before the code can be instantiated.
  (core module $memory
    (memory (export "memory") 1)
    (data (i32.const 16) "world")

    ;; The canonical ABI asks for room for one thing only, the greeting that comes back: it begins at 1024.
    (func (export "realloc") (param $old i32) (param $old-size i32) (param $align i32) (param $size i32) (result i32)
      (i32.const 1024)))
  (core instance $memory (instantiate $memory))
  (alias core export $memory "memory" (core memory $memory))
  (alias core export $memory "realloc" (core func $realloc))

  (core func $greet (canon lower (func $greeter "greet") (memory $memory) (realloc $realloc)))
  (core func $new-fields (canon lower (func $http "[constructor]fields")))
  (core func $new-response (canon lower (func $http "[constructor]outgoing-response")))
  (core func $body (canon lower (func $http "[method]outgoing-response.body") (memory $memory)))
  (core func $respond (canon lower (func $http "[static]response-outparam.set") (memory $memory)))
  (core func $stream (canon lower (func $http "[method]outgoing-body.write") (memory $memory)))
  (core func $write
    (canon lower (func $streams "[method]output-stream.blocking-write-and-flush") (memory $memory)))
  (core func $drop-stream (canon resource.drop $output-stream))
  (core func $finish (canon lower (func $http "[static]outgoing-body.finish") (memory $memory) (realloc $realloc)))
  (core func $drop-request (canon resource.drop $incoming-request))

  (core module $code
    (import "memory" "memory" (memory 1))
    (import "host" "greet" (func $greet (param i32 i32 i32)))
    (import "host" "new-fields" (func $new-fields (result i32)))
    (import "host" "new-response" (func $new-response (param i32) (result i32)))
    (import "host" "body" (func $body (param i32 i32)))
    (import "host" "respond" (func $respond (param i32 i32 i32 i32 i64 i32 i32 i32 i32)))
    (import "host" "stream" (func $stream (param i32 i32)))
    (import "host" "write" (func $write (param i32 i32 i32 i32)))
    (import "host" "drop-stream" (func $drop-stream (param i32)))
    (import "host" "finish" (func $finish (param i32 i32 i32 i32)))
    (import "host" "drop-request" (func $drop-request (param i32)))

    ;; What a function returns is written to address 0, or to 64 where it is not looked at.
    (func (export "handle") (param $request i32) (param $out i32)
      (local $response i32)
      (local $body i32)
      (local $stream i32)
      (local $greeting i32)
      (local $length i32)
      (call $drop-request (local.get $request))

      ;; greet("world"): the place and the length of the greeting. A line ends with a line feed.
      (call $greet (i32.const 16) (i32.const 5) (i32.const 0))
      (local.set $greeting (i32.load (i32.const 0)))
      (local.set $length (i32.load (i32.const 4)))
      (i32.store8 (i32.add (local.get $greeting) (local.get $length)) (i32.const 10))

      ;; A response without headers has the status 200. Its body is taken out before it is sent on its way.
      (local.set $response (call $new-response (call $new-fields)))
      (call $body (local.get $response) (i32.const 0))
      (local.set $body (i32.load (i32.const 4)))
      (call $respond (local.get $out) (i32.const 0) (local.get $response)
        (i32.const 0) (i64.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))

      (call $stream (local.get $body) (i32.const 0))
      (local.set $stream (i32.load (i32.const 4)))
      (call $write (local.get $stream) (local.get $greeting) (i32.add (local.get $length) (i32.const 1)) (i32.const 64))
      (call $drop-stream (local.get $stream))
      (call $finish (local.get $body) (i32.const 0) (i32.const 0) (i32.const 64))))

  (core instance $code (instantiate $code
    (with "memory" (instance $memory))
    (with "host" (instance
      (export "greet" (func $greet))
      (export "new-fields" (func $new-fields))
      (export "new-response" (func $new-response))
      (export "body" (func $body))
      (export "respond" (func $respond))
      (export "stream" (func $stream))
      (export "write" (func $write))
      (export "drop-stream" (func $drop-stream))
      (export "finish" (func $finish))
      (export "drop-request" (func $drop-request))))))

  (alias core export $code "handle" (core func $handle-code))
  (func $handle (param "request" (own $incoming-request)) (param "response-out" (own $response-outparam))
    (canon lift (core func $handle-code)))

  ;; The exported interface mentions resources of `wasi:http/types`, so it is made of a component that gets them as imports.
  (component $interface
    (import "incoming-request" (type $incoming-request (sub resource)))
    (import "response-outparam" (type $response-outparam (sub resource)))
    (import "handle" (func $handle
      (param "request" (own $incoming-request)) (param "response-out" (own $response-outparam))))
    (export $exported-request "incoming-request" (type $incoming-request))
    (export $exported-outparam "response-outparam" (type $response-outparam))
    (export "handle" (func $handle)
      (func (param "request" (own $exported-request)) (param "response-out" (own $exported-outparam)))))
  (instance $exports (instantiate $interface
    (with "incoming-request" (type $incoming-request))
    (with "response-outparam" (type $response-outparam))
    (with "handle" (func $handle))))
  (export "wasi:http/incoming-handler@0.2.0" (instance $exports)))
