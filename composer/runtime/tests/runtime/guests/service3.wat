(module $service
  (import "wasi:http/types@0.3.0" "[method]request.get-path-with-query" (func $path (param i32 i32)))
  (import "wasi:http/types@0.3.0" "[constructor]fields" (func $fields (result i32)))
  (import "wasi:http/types@0.3.0" "[static]response.new" (func $response (param i32 i32 i32 i32 i32)))
  (import "wasi:http/types@0.3.0" "[stream-new-0][static]response.new" (func $new-contents (result i64)))
  (import "wasi:http/types@0.3.0" "[async-lower][stream-write-0][static]response.new"
    (func $write-contents (param i32 i32 i32) (result i32)))
  (import "wasi:http/types@0.3.0" "[stream-drop-writable-0][static]response.new" (func $end-contents (param i32)))
  (import "wasi:http/types@0.3.0" "[future-new-1][static]response.new" (func $new-trailers (result i64)))
  (import "wasi:http/types@0.3.0" "[async-lower][future-write-1][static]response.new"
    (func $write-trailers (param i32 i32) (result i32)))
  (import "[export]wasi:http/handler@0.3.0" "[task-return]handle"
    (func $return (param i32 i32 i32 i64 i32 i32 i32 i32)))
  (import "$root" "[waitable-set-new]" (func $new-set (result i32)))
  (import "$root" "[waitable-join]" (func $join (param i32 i32)))
  (memory (export "memory") 1)
  (global $free (mut i32) (i32.const 4096))
  (global $set (mut i32) (i32.const 0))
  (global $contents (mut i32) (i32.const 0))
  (global $trailers (mut i32) (i32.const 0))
  (global $path-at (mut i32) (i32.const 0))
  (global $path-length (mut i32) (i32.const 0))

  (func (export "cabi_realloc") (param $old i32) (param $old-size i32) (param $align i32) (param $size i32) (result i32)
    (local $at i32)
    (local.set $at (i32.and (i32.add (global.get $free) (i32.const 7)) (i32.const -8)))
    (global.set $free (i32.add (local.get $at) (local.get $size)))
    (local.get $at))

  (func (export "[async-lift]wasi:http/handler@0.3.0#handle") (param $request i32) (result i32)
    (local $how i32) (local $contents i64) (local $trailers i64)
    (call $path (local.get $request) (i32.const 0))
    (global.set $path-at (i32.load offset=4 (i32.const 0)))
    (global.set $path-length (i32.load offset=8 (i32.const 0)))

    ;; The first letter of the path: `/trap`, `/denied`, or anything else.
    (local.set $how (i32.load8_u offset=1 (global.get $path-at)))
    (if (i32.eq (local.get $how) (i32.const 116)) (then (unreachable)))
    (if (i32.eq (local.get $how) (i32.const 100))
      (then
        ;; error-code.HTTP-request-denied
        (call $return (i32.const 1) (i32.const 15)
          (i32.const 0) (i64.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))
        (return (i32.const 0))))

    ;; The lower half of a pair is the end to read, the upper half the end to write.
    (local.set $contents (call $new-contents))
    (local.set $trailers (call $new-trailers))
    (global.set $contents (i32.wrap_i64 (i64.shr_u (local.get $contents) (i64.const 32))))
    (global.set $trailers (i32.wrap_i64 (i64.shr_u (local.get $trailers) (i64.const 32))))
    (call $response (call $fields)
      (i32.const 1) (i32.wrap_i64 (local.get $contents))
      (i32.wrap_i64 (local.get $trailers))
      (i32.const 16))
    (call $return (i32.const 0) (i32.load (i32.const 16))
      (i32.const 0) (i64.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))

    ;; The host reads later: both writes block, one after the other.
    (global.set $set (call $new-set))
    (call $join (global.get $contents) (global.get $set))
    (call $join (global.get $trailers) (global.get $set))
    (drop (call $write-contents (global.get $contents) (global.get $path-at) (global.get $path-length)))
    (call $wait))

  (func (export "[callback][async-lift]wasi:http/handler@0.3.0#handle")
    (param $event i32) (param $waitable i32) (param $payload i32) (result i32)
    (if (i32.eq (local.get $waitable) (global.get $contents))
      (then
        (call $end-contents (global.get $contents))
        ;; The bytes at 512 are `ok(none)`. A write that does not block is done.
        (if (i32.eq (call $write-trailers (global.get $trailers) (i32.const 512)) (i32.const -1))
          (then (return (call $wait))))))
    (i32.const 0))

  ;; The callback's code for waiting on the set.
  (func $wait (result i32) (i32.or (i32.shl (global.get $set) (i32.const 4)) (i32.const 2)))
)
