;; A component that knows how to greet, written by hand in the text format so that no compiler is needed.
;; In WIT, its world is:
;;
;;     package example:greeter@0.1.0;
;;
;;     interface greet {
;;       greet: func(name: string) -> string;
;;     }
;;
;;     world greeter {
;;       export greet;
;;     }
;;
;; Any language that compiles to components can take its place: change `path` in compose.toml, and nothing else.

(component
  (core module $code
    (memory (export "memory") 1)
    (data (i32.const 16) "Hello, ")

    ;; Where the next allocation begins; nothing is needed from one call to the next.
    (global $next (mut i32) (i32.const 1024))

    ;; The canonical ABI calls this to make room for the name; `greet` calls it for the greeting.
    (func $allocate (export "realloc") (param $old i32) (param $old-size i32) (param $align i32) (param $size i32) (result i32)
      (local $start i32)
      (local.set $start
        (i32.and
          (i32.sub (i32.add (global.get $next) (local.get $align)) (i32.const 1))
          (i32.sub (i32.const 0) (local.get $align))))
      (global.set $next (i32.add (local.get $start) (local.get $size)))
      (block $enough
        (br_if $enough (i32.le_u (global.get $next) (i32.mul (memory.size) (i32.const 65536))))
        (br_if $enough
          (i32.ne (i32.const -1) (memory.grow (i32.add (i32.const 1) (i32.shr_u (local.get $size) (i32.const 16))))))
        (unreachable))
      (local.get $start))

    ;; Takes where the name is and how long it is; returns where the greeting's own place and length are written.
    (func (export "greet") (param $name i32) (param $length i32) (result i32)
      (local $greeting i32)
      (local.set $greeting
        (call $allocate (i32.const 0) (i32.const 0) (i32.const 1) (i32.add (local.get $length) (i32.const 8))))
      (memory.copy (local.get $greeting) (i32.const 16) (i32.const 7))
      (memory.copy (i32.add (local.get $greeting) (i32.const 7)) (local.get $name) (local.get $length))
      (i32.store8 (i32.add (local.get $greeting) (i32.add (local.get $length) (i32.const 7))) (i32.const 33)) ;; "!"
      (i32.store (i32.const 0) (local.get $greeting))
      (i32.store (i32.const 4) (i32.add (local.get $length) (i32.const 8)))
      (i32.const 0))

    ;; Called when the greeting has been read.
    (func (export "done") (param $result i32)
      (global.set $next (i32.const 1024))))

  (core instance $code (instantiate $code))
  (alias core export $code "memory" (core memory $memory))
  (alias core export $code "realloc" (core func $realloc))
  (alias core export $code "greet" (core func $greet-code))
  (alias core export $code "done" (core func $done))

  (func $greet (param "name" string) (result string)
    (canon lift (core func $greet-code) (memory $memory) (realloc $realloc) (post-return $done)))
  (instance $exports (export "greet" (func $greet)))
  (export "example:greeter/greet@0.1.0" (instance $exports)))
