(module $command
  (import "wasi:cli/environment@0.2.0" "get-arguments" (func $get-arguments (param i32)))
  (import "wasi:cli/environment@0.2.0" "get-environment" (func $get-environment (param i32)))
  (import "wasi:filesystem/preopens@0.2.0" "get-directories" (func $get-directories (param i32)))
  (import "wasi:cli/exit@0.2.4" "exit-with-code" (func $exit (param i32)))
  (import "wasi:cli/stdout@0.2.0" "get-stdout" (func $get-stdout (result i32)))
  (import "wasi:io/streams@0.2.0" "[method]output-stream.blocking-write-and-flush"
    (func $write (param i32 i32 i32 i32)))
  (memory (export "memory") 1)
  (global $free (mut i32) (i32.const 4096))
  (global $stdout (mut i32) (i32.const 0))
  (data (i32.const 1024) "\n=")

  (func (export "cabi_realloc") (param $old i32) (param $old-size i32) (param $align i32) (param $size i32) (result i32)
    (local $at i32)
    (local.set $at (i32.and (i32.add (global.get $free) (i32.const 7)) (i32.const -8)))
    (global.set $free (i32.add (local.get $at) (local.get $size)))
    (local.get $at))

  (func $print (param $text i32) (param $length i32)
    (call $write (global.get $stdout) (local.get $text) (local.get $length) (i32.const 64)))

  ;; Prints the string whose pointer and length are at $string.
  (func $print-at (param $string i32)
    (call $print (i32.load (local.get $string)) (i32.load offset=4 (local.get $string))))

  (func (export "wasi:cli/run@0.2.0#run") (result i32)
    (local $arguments i32) (local $at i32) (local $end i32) (local $how i32)
    (global.set $stdout (call $get-stdout))

    (call $get-arguments (i32.const 0))
    (local.set $arguments (i32.load (i32.const 0)))
    (local.set $at (local.get $arguments))
    (local.set $end (i32.add (local.get $at) (i32.mul (i32.load offset=4 (i32.const 0)) (i32.const 8))))
    (loop $next
      (if (i32.lt_u (local.get $at) (local.get $end))
        (then
          (call $print-at (local.get $at))
          (call $print (i32.const 1024) (i32.const 1))
          (local.set $at (i32.add (local.get $at) (i32.const 8)))
          (br $next))))

    (call $get-environment (i32.const 0))
    (local.set $at (i32.load (i32.const 0)))
    (local.set $end (i32.add (local.get $at) (i32.mul (i32.load offset=4 (i32.const 0)) (i32.const 16))))
    (loop $next
      (if (i32.lt_u (local.get $at) (local.get $end))
        (then
          (call $print-at (local.get $at))
          (call $print (i32.const 1025) (i32.const 1))
          (call $print-at (i32.add (local.get $at) (i32.const 8)))
          (call $print (i32.const 1024) (i32.const 1))
          (local.set $at (i32.add (local.get $at) (i32.const 16)))
          (br $next))))

    (call $get-directories (i32.const 0))
    (local.set $at (i32.load (i32.const 0)))
    (local.set $end (i32.add (local.get $at) (i32.mul (i32.load offset=4 (i32.const 0)) (i32.const 12))))
    (loop $next
      (if (i32.lt_u (local.get $at) (local.get $end))
        (then
          (call $print-at (i32.add (local.get $at) (i32.const 4)))
          (call $print (i32.const 1024) (i32.const 1))
          (local.set $at (i32.add (local.get $at) (i32.const 12)))
          (br $next))))

    ;; The first letter of the first argument: `err`, `status`, `trap`, `loop`, or anything else.
    (local.set $how (i32.load8_u (i32.load (local.get $arguments))))
    (if (i32.eq (local.get $how) (i32.const 101)) (then (return (i32.const 1))))
    (if (i32.eq (local.get $how) (i32.const 115)) (then (call $exit (i32.const 7))))
    (if (i32.eq (local.get $how) (i32.const 116)) (then (unreachable)))
    (if (i32.eq (local.get $how) (i32.const 108)) (then (loop $again (br $again))))
    (i32.const 0))
)
