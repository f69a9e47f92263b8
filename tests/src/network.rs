//! Components that call each other in any pattern, and what the whole must answer: for random compositions and for large ones.
//!
//! Node `k` exports `t:net/nK` with one function `f: func(n: u32) -> u32`, and imports those of some other nodes:
//! `f(n) = mix(n) + 3 * (f_i(n + i) + f_j(n + j) + …)`, where `mix` is its library's, `mix(n) = 31 * n + library`. Nodes with the same
//! library have a core module in common, or a nested component.

use std::fmt::Write as _;

/// A component of a network.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Node {
    /// Which interface it exports.
    pub number: usize,
    /// Which it imports.
    pub imports: Vec<usize>,
    /// Which library it has.
    pub library: u32,
    /// Whether the library is a component within the component, or else a core module.
    pub is_library_nested: bool,
    /// How many functions nobody calls it has, of about 15 bytes each and different from those of every other node.
    pub ballast: usize,
    /// How many functions nobody calls its library has.
    pub library_ballast: usize,
}

impl Node {
    /// The component, in the text format.
    pub fn to_text(&self) -> String {
        let mut text = "(component\n".to_owned();
        for import in &self.imports {
            writeln!(
                text,
                r#"  (import "t:net/n{import}" (instance $n{import} (export "f" (func (param "n" u32) (result u32)))))
  (core func $n{import} (canon lower (func $n{import} "f")))"#
            )
            .expect("a string takes all");
        }
        let library = self.library_module();
        let library = if self.is_library_nested {
            format!(
                r#"(component $library {library} (export "module" (core module $library)))
  (instance $library (instantiate $library))
  (alias export $library "module" (core module $library))
  (core instance $library (instantiate $library))"#
            )
        } else {
            format!("{library}\n  (core instance $library (instantiate $library))")
        };
        let imports: String = self.imports.iter().map(|i| format!(r#" (export "f{i}" (func $n{i}))"#)).collect();
        let number = self.number;
        let main = self.main_module();
        write!(
            text,
            r#"  {library}
  {main}
  (core instance $main (instantiate $main (with "library" (instance $library)) (with "nodes" (instance{imports}))))
  (func $f (param "n" u32) (result u32) (canon lift (core func $main "f")))
  (instance $exported (export "f" (func $f)))
  (export "t:net/n{number}" (instance $exported)))"#
        )
        .expect("a string takes all");
        text
    }

    /// The component, in the binary format.
    ///
    /// # Panics
    /// Never: the text is right.
    pub fn to_binary(&self) -> Vec<u8> {
        wat::parse_str(self.to_text()).expect("the text is a component")
    }

    fn library_module(&self) -> String {
        let library = self.library;
        let ballast = ballast(self.library_ballast, library);
        format!(
            r#"(core module $library (func (export "mix") (param i32) (result i32)
      (i32.add (i32.mul (local.get 0) (i32.const 31)) (i32.const {library})))
    (memory 1) (data (i32.const 0) "library {library:>64}"){ballast})"#
        )
    }

    fn main_module(&self) -> String {
        let imports: String = self
            .imports
            .iter()
            .map(|i| format!("    (import \"nodes\" \"f{i}\" (func $n{i} (param i32) (result i32)))\n"))
            .collect();
        let calls = self.imports.iter().fold("(i32.const 0)".to_owned(), |sum, i| {
            format!("(i32.add {sum} (call $n{i} (i32.add (local.get 0) (i32.const {i}))))")
        });
        let ballast = ballast(self.ballast, u32::try_from(self.number).unwrap_or(u32::MAX) + 1_000_000);
        format!(
            r#"(core module $main
{imports}    (import "library" "mix" (func $mix (param i32) (result i32)))
    (func (export "f") (param i32) (result i32)
      (i32.add (call $mix (local.get 0)) (i32.mul (i32.const 3) {calls}))){ballast})"#
        )
    }
}

fn ballast(count: usize, salt: u32) -> String {
    let mut text = String::new();
    for place in 0..count {
        let body = format!("(i32.add (i32.mul (local.get 0) (i32.const {salt})) (i32.const {place}))");
        writeln!(text, "    (func (param i32) (result i32) {body})").expect("a string takes all");
    }
    text
}

/// What node `number` answers to `n`.
///
/// # Panics
/// When there is no such node.
pub fn answer(nodes: &[Node], number: usize, n: u32) -> u32 {
    let node = nodes.iter().find(|node| node.number == number).expect("every import is a node's");
    let calls = node.imports.iter().map(|import| {
        let offset = u32::try_from(*import).expect("networks are small");
        answer(nodes, *import, n.wrapping_add(offset))
    });
    let sum = calls.fold(0_u32, u32::wrapping_add);
    n.wrapping_mul(31).wrapping_add(node.library).wrapping_add(sum.wrapping_mul(3))
}
