(module $service
  (import "wasi:http/types@0.2.0" "[method]incoming-request.path-with-query" (func $path (param i32 i32)))
  (import "wasi:http/types@0.2.0" "[constructor]fields" (func $fields (result i32)))
  (import "wasi:http/types@0.2.0" "[constructor]outgoing-response" (func $response (param i32) (result i32)))
  (import "wasi:http/types@0.2.0" "[method]outgoing-response.body" (func $body (param i32 i32)))
  (import "wasi:http/types@0.2.0" "[static]response-outparam.set"
    (func $set (param i32 i32 i32 i32 i64 i32 i32 i32 i32)))
  (import "wasi:http/types@0.2.0" "[method]outgoing-body.write" (func $write-body (param i32 i32)))
  (import "wasi:http/types@0.2.0" "[static]outgoing-body.finish" (func $finish (param i32 i32 i32 i32)))
  (import "wasi:io/streams@0.2.0" "[method]output-stream.blocking-write-and-flush"
    (func $write (param i32 i32 i32 i32)))
  (import "wasi:io/streams@0.2.0" "[resource-drop]output-stream" (func $drop-stream (param i32)))
  (memory (export "memory") 1)
  (global $free (mut i32) (i32.const 4096))

  (func (export "cabi_realloc") (param $old i32) (param $old-size i32) (param $align i32) (param $size i32) (result i32)
    (local $at i32)
    (local.set $at (i32.and (i32.add (global.get $free) (i32.const 7)) (i32.const -8)))
    (global.set $free (i32.add (local.get $at) (local.get $size)))
    (local.get $at))

  (func (export "wasi:http/incoming-handler@0.2.0#handle") (param $request i32) (param $out i32)
    (local $path i32) (local $length i32) (local $how i32) (local $response i32) (local $body i32) (local $stream i32)
    (call $path (local.get $request) (i32.const 0))
    (local.set $path (i32.load offset=4 (i32.const 0)))
    (local.set $length (i32.load offset=8 (i32.const 0)))

    ;; The first letter of the path: `/trap`, `/silent`, `/denied`, `/loop`, `/begun`, or anything else.
    (local.set $how (i32.load8_u offset=1 (local.get $path)))
    (if (i32.eq (local.get $how) (i32.const 116)) (then (unreachable)))
    (if (i32.eq (local.get $how) (i32.const 115)) (then (return)))
    (if (i32.eq (local.get $how) (i32.const 108)) (then (loop $again (br $again))))
    (if (i32.eq (local.get $how) (i32.const 100))
      (then
        ;; error-code.HTTP-request-denied
        (call $set (local.get $out) (i32.const 1) (i32.const 15)
          (i32.const 0) (i64.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))
        (return)))

    (local.set $response (call $response (call $fields)))
    (call $body (local.get $response) (i32.const 16))
    (local.set $body (i32.load offset=4 (i32.const 16)))
    (call $set (local.get $out) (i32.const 0) (local.get $response)
      (i32.const 0) (i64.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))
    (call $write-body (local.get $body) (i32.const 16))
    (local.set $stream (i32.load offset=4 (i32.const 16)))
    (call $write (local.get $stream) (local.get $path) (local.get $length) (i32.const 32))
    (if (i32.eq (local.get $how) (i32.const 98)) (then (unreachable)))
    (call $drop-stream (local.get $stream))
    (call $finish (local.get $body) (i32.const 0) (i32.const 0) (i32.const 64)))
)
