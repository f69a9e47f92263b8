//! Components made from WIT and function bodies, with everything between the two generated.
//!
//! A guest is a world, and for each function that the world exports a body in the WebAssembly text format. The core module
//! around the bodies (imports, signatures, memory, `cabi_realloc`) follows from the world.
//!
//! Bodies reach their parameters by index, as the canonical ABI flattens them, and call imports by these names:
//!
//! | in WIT | in a body |
//! |---|---|
//! | `import x:y/api;` with `find: func(…)` | `(call $api.find …)` |
//! | … with a `resource item` and its method `price` | `(call $api.method.item.price …)`, `(call $api.drop.item …)` |
//! | `import find: func(…)` | `(call $find …)` |
//! | an exported `resource item` | `(call $item.new …)`, `(call $item.rep …)`, `(call $item.drop …)` |
//!
//! Texts are returned with `(call $text OFFSET LENGTH)`, or `(call $joined OFFSET LENGTH OFFSET LENGTH)` for two of them.

use std::{collections::BTreeMap, fmt::Write as _, path::Path};

use wit_component::{ComponentEncoder, StringEncoding, dummy_module, embed_component_metadata};
use wit_parser::{
    Function, ManglingAndAbi, Resolve, TypeDefKind, WorldId, WorldItem, WorldKey,
    abi::{AbiVariant, WasmType},
};

/// Memory, an allocator that only grows, and functions that return texts.
const PRELUDE: &str = r#"
  (memory (export "memory") 1)
  (global $free (mut i32) (i32.const 8192))
  (func $allocate (export "cabi_realloc") (param $old i32) (param $old-size i32) (param $align i32) (param $size i32) (result i32)
    (local $at i32)
    (local.set $at (i32.and (i32.add (global.get $free) (i32.const 7)) (i32.const -8)))
    (global.set $free (i32.add (local.get $at) (local.get $size)))
    (local.get $at))
  (func $text (param $at i32) (param $length i32) (result i32)
    (local $pair i32)
    (local.set $pair (call $allocate (i32.const 0) (i32.const 0) (i32.const 4) (i32.const 8)))
    (i32.store (local.get $pair) (local.get $at))
    (i32.store offset=4 (local.get $pair) (local.get $length))
    (local.get $pair))
  (func $joined (param $one i32) (param $one-length i32) (param $other i32) (param $other-length i32) (result i32)
    (local $at i32)
    (local.set $at
      (call $allocate (i32.const 0) (i32.const 0) (i32.const 1) (i32.add (local.get $one-length) (local.get $other-length))))
    (memory.copy (local.get $at) (local.get $one) (local.get $one-length))
    (memory.copy (i32.add (local.get $at) (local.get $one-length)) (local.get $other) (local.get $other-length))
    (call $text (local.get $at) (i32.add (local.get $one-length) (local.get $other-length))))
"#;

/// A component that is being written.
#[derive(Debug, Clone)]
pub struct Guest {
    wit: String,
    fields: String,
    bodies: BTreeMap<String, String>,
}

impl Guest {
    /// Starts with a world of these items (`import x:y/z; export f: func() -> u32;`), whose interfaces are in `packages`
    /// (`package x:y { interface z { … } }`).
    pub fn new(world: &str, packages: &str) -> Self {
        let wit = format!("package test:guest;\nworld guest {{ {world} }}\n{packages}");
        Self { wit, fields: String::new(), bodies: BTreeMap::new() }
    }

    /// Adds fields of the core module: globals, data, functions.
    #[must_use]
    pub fn fields(mut self, wat: &str) -> Self {
        self.fields.push_str(wat);
        self
    }

    /// Says what an exported function does: `api#find` or, where the world has two interfaces `api`, `x:y/api@1.0.0#find`;
    /// or just `find`, where the world itself exports it.
    #[must_use]
    pub fn body(mut self, function: &str, wat: &str) -> Self {
        self.bodies.insert(function.to_owned(), wat.to_owned());
        self
    }

    /// Makes the component.
    ///
    /// # Panics
    /// When the WIT or a body is wrong, or when the bodies are not those of the exported functions.
    pub fn component(mut self) -> Vec<u8> {
        let (resolve, world) = parse(&self.wit);
        let mut module = Module { resolve: &resolve, imports: String::new(), functions: String::new() };
        for (key, item) in &resolve.worlds[world].imports {
            module.import(key, item);
        }
        for (key, item) in &resolve.worlds[world].exports {
            module.export(key, item, &mut self.bodies);
        }
        assert!(self.bodies.is_empty(), "the world exports no such functions: {:?}", self.bodies.keys());
        let Module { imports, functions, .. } = module;
        let text = format!("(module\n{imports}{PRELUDE}{}\n{functions})", self.fields);
        let code = wat::parse_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        encode(&resolve, world, code)
    }
}

/// Makes a component of a world as [`Guest::new`] takes it; it imports all that the world imports, and every function traps.
pub fn stub(world: &str, packages: &str) -> Vec<u8> {
    let (resolve, world) = parse(&Guest::new(world, packages).wit);
    let code = dummy_module(&resolve, world, ManglingAndAbi::Standard32);
    encode(&resolve, world, code)
}

/// Makes the binary of a WIT package, which is a component without code.
pub fn wit_package(wit: &str) -> Vec<u8> {
    let mut resolve = Resolve::default();
    let package = resolve.push_str(Path::new("package.wit"), wit).expect("a WIT package");
    wit_component::encode(&resolve, package).expect("the package can be encoded")
}

fn parse(wit: &str) -> (Resolve, WorldId) {
    let mut resolve = Resolve { all_features: true, ..Resolve::default() };
    let package = resolve.push_str(Path::new("guest.wit"), wit).unwrap_or_else(|error| panic!("{error:?}\n{wit}"));
    let world = resolve.select_world(&[package], None).expect("one world");
    (resolve, world)
}

fn encode(resolve: &Resolve, world: WorldId, mut module: Vec<u8>) -> Vec<u8> {
    embed_component_metadata(&mut module, resolve, world, StringEncoding::UTF8).expect("the world can be embedded");
    let mut encoder = ComponentEncoder::default();
    encoder.module(&module).expect("the module is one of the world").validate(true).encode().expect("a component")
}

/// The core module of a world.
struct Module<'a> {
    resolve: &'a Resolve,
    imports: String,
    functions: String,
}

impl Module<'_> {
    fn import(&mut self, key: &WorldKey, item: &WorldItem) {
        let name = self.resolve.name_world_key(key);
        match item {
            WorldItem::Interface { id, .. } => {
                let prefix = short(&name).to_owned();
                for function in self.resolve.interfaces[*id].functions.values() {
                    self.import_function(&name, &format!("{prefix}.{}", identifier(&function.name)), function);
                }
                for resource in resources(self.resolve, *id) {
                    self.intrinsic(
                        &name,
                        "resource-drop",
                        &resource,
                        &format!("{prefix}.drop.{resource}"),
                        "(param i32)",
                    );
                }
            }
            WorldItem::Function(function) => self.import_function("$root", &identifier(&function.name), function),
            WorldItem::Type { .. } => {}
        }
    }

    fn import_function(&mut self, module: &str, id: &str, function: &Function) {
        let ty = self.signature(AbiVariant::GuestImport, function);
        writeln!(self.imports, r#"  (import "{module}" "{}" (func ${id} {ty}))"#, function.name)
            .expect("a string takes all");
    }

    fn intrinsic(&mut self, module: &str, kind: &str, resource: &str, id: &str, ty: &str) {
        writeln!(self.imports, r#"  (import "{module}" "[{kind}]{resource}" (func ${id} {ty}))"#)
            .expect("a string takes all");
    }

    fn export(&mut self, key: &WorldKey, item: &WorldItem, bodies: &mut BTreeMap<String, String>) {
        let name = self.resolve.name_world_key(key);
        match item {
            WorldItem::Interface { id, .. } => {
                for resource in resources(self.resolve, *id) {
                    let module = format!("[export]{name}");
                    let ty = "(param i32) (result i32)";
                    self.intrinsic(&module, "resource-new", &resource, &format!("{resource}.new"), ty);
                    self.intrinsic(&module, "resource-rep", &resource, &format!("{resource}.rep"), ty);
                    self.intrinsic(&module, "resource-drop", &resource, &format!("{resource}.drop"), "(param i32)");
                }
                for function in self.resolve.interfaces[*id].functions.values() {
                    let body = bodies.remove(&format!("{name}#{}", function.name));
                    let body = body.or_else(|| bodies.remove(&format!("{}#{}", short(&name), function.name)));
                    self.export_function(Some(&name), function, body);
                }
            }
            WorldItem::Function(function) => {
                let body = bodies.remove(&function.name);
                self.export_function(None, function, body);
            }
            WorldItem::Type { .. } => {}
        }
    }

    fn export_function(&mut self, interface: Option<&str>, function: &Function, body: Option<String>) {
        let name = function.legacy_core_export_name(interface);
        let body = body.unwrap_or_else(|| panic!("no body for `{name}`"));
        let ty = self.signature(AbiVariant::GuestExport, function);
        writeln!(self.functions, r#"  (func (export "{name}") {ty} {body})"#).expect("a string takes all");
    }

    fn signature(&self, variant: AbiVariant, function: &Function) -> String {
        let signature = self.resolve.wasm_signature(variant, function);
        let list = |types: &[WasmType]| types.iter().map(|ty| core_type(*ty)).collect::<Vec<_>>().join(" ");
        format!("(param {}) (result {})", list(&signature.params), list(&signature.results))
    }
}

/// The resources that an interface defines itself.
fn resources(resolve: &Resolve, interface: wit_parser::InterfaceId) -> Vec<String> {
    let types = resolve.interfaces[interface].types.iter();
    let own = types.filter(|(_, id)| matches!(resolve.types[**id].kind, TypeDefKind::Resource));
    own.map(|(name, _)| name.clone()).collect()
}

/// `z` of `x:y/z@1.0.0`.
fn short(interface: &str) -> &str {
    let unversioned = interface.split('@').next().unwrap_or(interface);
    unversioned.rsplit('/').next().unwrap_or(unversioned)
}

/// `method.item.price` of `[method]item.price`: brackets cannot be in an identifier of the text format.
fn identifier(function: &str) -> String {
    function.replace('[', "").replace(']', ".")
}

fn core_type(ty: WasmType) -> &'static str {
    match ty {
        WasmType::I32 | WasmType::Pointer | WasmType::Length => "i32",
        WasmType::I64 | WasmType::PointerOrI64 => "i64",
        WasmType::F32 => "f32",
        WasmType::F64 => "f64",
    }
}
