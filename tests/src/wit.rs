//! WIT packages as registries hold them.

use wit_parser::Resolve;

/// Encodes the package of a WIT text.
///
/// # Panics
/// When the text is no WIT.
pub fn encoded(wit: &str) -> Vec<u8> {
    let mut resolve = Resolve { all_features: true, ..Resolve::default() };
    let package = resolve.push_str("test.wit", wit).expect("the text is WIT");
    wit_component::encode(&resolve, package).expect("the package can be encoded")
}
