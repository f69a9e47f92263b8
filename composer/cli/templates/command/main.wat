;; A command: it asks for a greeting and prints it, written by hand in the text format so that no compiler is needed.
;; In WIT, its world is:
;;
;;     package example:main@0.1.0;
;;
;;     world main {
;;       import example:greeter/greet@0.1.0;   // `compose` links this to the component that exports it
;;       import wasi:cli/stdout@0.2.0;         // nobody here exports this one: the runtime provides it
;;       export wasi:cli/run@0.2.0;            // what `compose run` calls
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

  (import "wasi:cli/stdout@0.2.0" (instance $stdout
    (alias outer 1 $output-stream (type $outer-stream))
    (export "output-stream" (type $output-stream (eq $outer-stream)))
    (export "get-stdout" (func (result (own $output-stream))))))

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
  (core func $get-stdout (canon lower (func $stdout "get-stdout")))
  (core func $write
    (canon lower (func $streams "[method]output-stream.blocking-write-and-flush") (memory $memory)))
  (core func $drop-stream (canon resource.drop $output-stream))

  (core module $code
    (import "memory" "memory" (memory 1))
    (import "host" "greet" (func $greet (param i32 i32 i32)))
    (import "host" "get-stdout" (func $get-stdout (result i32)))
    (import "host" "write" (func $write (param i32 i32 i32 i32)))
    (import "host" "drop-stream" (func $drop-stream (param i32)))

    ;; Returns 0 for `ok` and 1 for `error`.
    (func (export "run") (result i32)
      (local $stdout i32)
      (local $greeting i32)
      (local $length i32)
      ;; greet("world"): the place and the length of the greeting are written to address 0.
      (call $greet (i32.const 16) (i32.const 5) (i32.const 0))
      (local.set $greeting (i32.load (i32.const 0)))
      (local.set $length (i32.load (i32.const 4)))
      ;; A line ends with a line feed.
      (i32.store8 (i32.add (local.get $greeting) (local.get $length)) (i32.const 10))
      (local.set $stdout (call $get-stdout))
      ;; Whether writing failed is the byte at address 8.
      (call $write (local.get $stdout) (local.get $greeting) (i32.add (local.get $length) (i32.const 1)) (i32.const 8))
      (call $drop-stream (local.get $stdout))
      (i32.load8_u (i32.const 8))))

  (core instance $code (instantiate $code
    (with "memory" (instance $memory))
    (with "host" (instance
      (export "greet" (func $greet))
      (export "get-stdout" (func $get-stdout))
      (export "write" (func $write))
      (export "drop-stream" (func $drop-stream))))))

  (alias core export $code "run" (core func $run-code))
  (func $run (result (result)) (canon lift (core func $run-code)))
  (instance $exports (export "run" (func $run)))
  (export "wasi:cli/run@0.2.0" (instance $exports)))
