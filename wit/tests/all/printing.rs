//! A world prints as WIT that reads as the same world.

use insta::assert_snapshot;
use wit::{Features, Package, World};

use crate::synthesis::component;

/// The WIT of a world, which as text and as a component's type prints the same, and reads as the same world.
#[track_caller]
fn check(wit: &str) -> String {
    let world = World::from_text("test.wit", wit, None).unwrap();
    let printed = world.to_wit();
    let again = World::from_text("printed.wit", &printed, None).unwrap_or_else(|error| panic!("{error}\n{printed}"));
    assert_eq!(again.to_wit(), printed);
    assert!(world.imports().map(|(name, _)| name).eq(again.imports().map(|(name, _)| name)), "{printed}");
    assert!(world.exports().map(|(name, _)| name).eq(again.exports().map(|(name, _)| name)), "{printed}");
    for (name, item) in world.imports() {
        assert_eq!(item.mismatches(&again.import(name).unwrap()), []);
        assert_eq!(again.import(name).unwrap().mismatches(&item), []);
        assert_eq!(item.resources(), again.import(name).unwrap().resources());
    }
    for (name, item) in world.exports() {
        assert_eq!(item.mismatches(&again.export(name).unwrap()), []);
        assert_eq!(again.export(name).unwrap().mismatches(&item), []);
        assert_eq!(item.resources(), again.export(name).unwrap().resources());
    }
    let component = World::of_component(&component(&printed)).unwrap();
    World::from_text("component.wit", &component.to_wit(), None).unwrap_or_else(|error| panic!("{error}"));
    printed
}

#[test]
fn prints_interfaces_by_package() {
    assert_snapshot!(check(
        "package shop:catalog@1.2.0;
         interface types { record item { id: u64, price: f64 } resource cart; }
         interface api {
             use types.{item, cart as basket};
             use wasi:io/streams@0.2.0.{input};
             find: func(id: u64) -> option<item>;
             pack: async func(basket: borrow<basket>, more: list<basket>) -> result<input, string>;
         }
         world w { import types; export api; }
         package wasi:io@0.2.0 { interface streams { resource input; } }"
    ), @r"
        package root:component;

        world root {
          import shop:catalog/types@1.2.0;
          import wasi:io/streams@0.2.0;
          export shop:catalog/api@1.2.0;
        }

        package shop:catalog@1.2.0 {
          interface types {
            record item {
              id: u64,
              price: f64,
            }
            resource cart;
          }
          interface api {
            use types.{item};
            use types.{cart as basket};
            use wasi:io/streams@0.2.0.{input};
            find: func(id: u64) -> option<item>;
            pack: async func(basket: borrow<basket>, more: list<basket>) -> result<input, string>;
          }
        }

        package wasi:io@0.2.0 {
          interface streams {
            resource input;
          }
        }
    ");
}

#[test]
fn prints_every_kind_of_type() {
    assert_snapshot!(check(
        "package test:all;
         interface types {
             type id = u64;
             type ids = list<id>;
             type same = id;
             record %record { %list: list<u8>, fixed: list<u8, 4>, m: map<string, u8>, t: tuple<u8, char> }
             record empty-result { r: result, ok: result<u8>, err: result<_, u8>, both: result<u8, string> }
             variant %variant { none, some(u8) }
             enum %enum { a, %type }
             flags %flags { read, write }
             resource %resource {
                 constructor(size: u8);
                 %use: func(%from: s8) -> bool;
                 merge: static func(all: list<%resource>) -> %resource;
                 wait: async func();
             }
             resource fallible { constructor() -> result<fallible, string>; }
             later: func(f: future, g: future<u8>, s: stream, t: stream<u8>, e: error-context) -> option<ids>;
             %func: func(r: %record, v: %variant, e: %enum, f: %flags, b: borrow<%resource>);
         }
         world w { import types; }"
    ), @r"
        package root:component;

        world root {
          import test:all/types;
        }

        package test:all {
          interface types {
            type id = u64;
            type ids = list<id>;
            type same = id;
            record %record {
              %list: list<u8>,
              fixed: list<u8, 4>,
              m: map<string, u8>,
              t: tuple<u8, char>,
            }
            record empty-result {
              r: result,
              ok: result<u8>,
              err: result<_, u8>,
              both: result<u8, string>,
            }
            variant %variant {
              none,
              some(u8),
            }
            enum %enum {
              a,
              %type,
            }
            flags %flags {
              read,
              write,
            }
            resource %resource {
              constructor(size: u8);
              %use: func(%from: s8) -> bool;
              merge: static func(all: list<%resource>) -> %resource;
              wait: async func();
            }
            resource fallible {
              constructor() -> result<fallible, string>;
            }
            later: func(f: future, g: future<u8>, s: stream, t: stream<u8>, e: error-context) -> option<ids>;
            %func: func(r: %record, v: %variant, e: %enum, f: %flags, b: borrow<%resource>);
          }
        }
    ");
}

#[test]
fn prints_what_is_at_the_root() {
    assert_snapshot!(check(
        "package test:root;
         interface types { record item { id: u64 } resource cart; }
         world w {
             use types.{item, cart as basket};
             enum color { red }
             resource pen { constructor(color: color); write: func(text: string); }
             import log: func(item: item, basket: borrow<basket>);
             import inline: interface { record point { x: u8 } plot: func(point: point); }
             export run: func(pen: pen) -> color;
             export tools: interface { cut: func(); }
         }"
    ), @r"
        package root:component;

        world root {
          use test:root/types.{item};
          use test:root/types.{cart as basket};
          enum color {
            red,
          }
          resource pen {
            constructor(color: color);
            write: func(text: string);
          }
          import inline: interface {
            record point {
              x: u8,
            }
            plot: func(point: point);
          }
          import test:root/types;
          import log: func(item: item, basket: borrow<basket>);
          export run: func(pen: pen) -> color;
          export tools: interface {
            cut: func();
          }
        }

        package test:root {
          interface types {
            record item {
              id: u64,
            }
            resource cart;
          }
        }
    ");
}

#[test]
fn prints_names_that_are_keywords() {
    assert_snapshot!(check(
        "package my:%list@1.0.0;
         interface %use { type %u8 = u32; }
         world w { use %use.{%u8}; import my:%world/%static@1.0.0; export %use; }
         package my:%world@1.0.0 { interface %static { f: func(); } }"
    ), @r"
        package root:component;

        world root {
          use my:%list/%use@1.0.0.{%u8};
          import my:%world/%static@1.0.0;
          import my:%list/%use@1.0.0;
          export my:%list/%use@1.0.0;
        }

        package my:%world@1.0.0 {
          interface %static {
            f: func();
          }
        }

        package my:%list@1.0.0 {
          interface %use {
            type %u8 = u32;
          }
        }
    ");
}

#[test]
fn prints_a_name_for_handles_of_a_resource() {
    let world = World::from_text(
        "test.wit",
        "package a:b;
         interface i { resource r; type handle = own<r>; type loan = borrow<r>; f: func(x: handle, y: loan); }
         world w { export i; export anon: interface { use i.{handle}; g: func() -> handle; } }",
        None,
    );
    let printed = world.unwrap().to_wit();
    assert_eq!(World::from_text("printed.wit", &printed, None).unwrap().to_wit(), printed);
    assert!(printed.contains("type handle = own<r>;\n    type loan = borrow<r>;"), "{printed}");
    assert!(printed.contains("use a:b/i.{handle};"), "{printed}");
}

/// A world of the text as it is shown, which reads as the same world.
#[track_caller]
fn excerpt(wit: &str, world: &str, features: &Features) -> String {
    let package = Package::from_text("test.wit", wit).unwrap();
    let text = package.excerpt(Some(world), features).unwrap();
    let again = Package::from_text("excerpt.wit", &text).unwrap();
    let print = |package: &Package| package.world(Some(world), features).unwrap().to_wit();
    assert_eq!(print(&again), print(&package));
    assert_eq!(again.excerpt(None, features).unwrap(), text);
    text
}

#[test]
fn a_world_is_shown_under_its_name_with_what_it_needs() {
    let wit = "package shop:catalog@1.2.0;
        /// Not needed.
        interface other {}
        /// Things.
        interface types { use wasi:io/streams@0.2.3.{input}; record item { %from: option<u32> } @unstable(feature = more) type more = input; }
        interface api { use types.{item}; find: func() -> item; @unstable(feature = more) more: func(); }
        /// What a catalog is.
        world service { export api; use wasi:cli/env@0.2.3.{name}; import log: func(name: name); @unstable(feature = more) import other; }
        world unneeded { import other; }
        package wasi:cli@0.2.3 { interface env { type name = string; } interface exit {} }
        package wasi:io@0.2.3 { interface streams { use error.{fault}; resource input { read: func() -> result<u8, fault>; } } interface error { type fault = u8; } interface poll {} }
        package wasi:random@0.2.3 { interface random {} }
        ";
    assert_snapshot!(excerpt(wit, "service", &Features::default()), @"
    package shop:catalog@1.2.0;

    /// Things.
    interface types {
      use wasi:io/streams@0.2.3.{input};

      record item {
        %from: option<u32>,
      }
    }

    interface api {
      use types.{item};

      find: func() -> item;
    }

    /// What a catalog is.
    world service {
      import wasi:cli/env@0.2.3;
      import wasi:io/error@0.2.3;
      import wasi:io/streams@0.2.3;
      import types;
      use wasi:cli/env@0.2.3.{name};
      import log: func(name: name);

      export api;
    }

    package wasi:cli@0.2.3 {
      interface env {
        type name = string;
      }
    }

    package wasi:io@0.2.3 {
      interface error {
        type fault = u8;
      }
      interface streams {
        use error.{fault};

        resource input {
          read: func() -> result<u8, fault>;
        }
      }
    }
    ");
    assert_snapshot!(excerpt(wit, "unneeded", &Features::All), @"
    package shop:catalog@1.2.0;

    /// Not needed.
    interface other {
    }

    world unneeded {
      import other;
    }
    ");
    assert!(excerpt(wit, "service", &Features::All).contains("more: func();"));
}

#[test]
fn what_is_used_stands_first_wherever_a_name_for_it_stood() {
    let wit = "package a:b; interface i { type t = bool; }
        world w { use i.{t as one}; resource r; type two = one; import f: func(one: one, two: two, r: r); }";
    let printed = World::from_text("test.wit", wit, None).unwrap().to_wit();
    assert_snapshot!(printed, @"
    package root:component;

    world root {
      use a:b/i.{t as one};
      use a:b/i.{t as two};
      resource r;
      import a:b/i;
      import f: func(one: one, two: two, r: r);
    }

    package a:b {
      interface i {
        type t = bool;
      }
    }
    ");
    assert_eq!(World::from_text("printed.wit", &printed, None).unwrap().to_wit(), printed);
}
