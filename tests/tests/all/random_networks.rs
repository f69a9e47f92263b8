//! Random compositions: however parts of them are shared, stripped or put into a folder, they are the same to whoever calls them.

use compose_tests::{
    execution::invoke,
    network::{Node, answer},
    sandbox::Sandbox,
};
use wit::World;

/// Numbers that look random, the same at every run.
pub(crate) struct Numbers(pub(crate) u64);

impl Numbers {
    /// The next one, below `limit`.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }
}

/// Nodes that import only nodes of higher numbers.
fn nodes(numbers: &mut Numbers) -> Vec<Node> {
    let count = 2 + numbers.below(6);
    let node = |number: usize| {
        let mut imports: Vec<usize> = (0..numbers.below(4))
            .filter(|_| number < count)
            .map(|_| number + 1 + numbers.below(count - number))
            .collect();
        imports.sort_unstable();
        imports.dedup();
        let library = u32::try_from(numbers.below(3)).unwrap();
        Node {
            number,
            imports,
            library,
            is_library_nested: library == 1,
            ballast: numbers.below(3),
            library_ballast: 10,
        }
    };
    (1..=count).map(node).collect()
}

/// An application of the nodes, of which those from `folder` on are in a folder of their own.
fn application(nodes: &[Node], folder: usize, build: &str) -> Sandbox {
    let sandbox = Sandbox::new("");
    let (outer, inner): (Vec<&Node>, Vec<&Node>) = nodes.iter().partition(|node| node.number < folder);
    let entry = |node: &&Node| format!("n{0} = {{ path = \"n{0}.wasm\" }}\n", node.number);
    let export = |node: &&Node| format!("\"t:net/n{0}\" = \"n{0}\"\n", node.number);
    let entries = |nodes: &[&Node]| nodes.iter().map(entry).collect::<String>();
    let inner_entry = if inner.is_empty() { "" } else { "inner = { path = \"inner\" }\n" };
    // Whatever is consumed or not, everything is exported, so that all ways to put it together have the same world.
    let exports: String = nodes
        .iter()
        .map(|node| match node.number < folder {
            true => export(&node),
            false => format!("\"t:net/n{}\" = \"inner\"\n", node.number),
        })
        .collect();
    let manifest = format!("[components]\n{}{inner_entry}[exports]\n{exports}[build]\n{build}", entries(&outer));
    sandbox.write("compose.toml", manifest);
    for node in &outer {
        sandbox.write(format!("n{}.wasm", node.number), node.to_binary());
    }
    if !inner.is_empty() {
        let exports: String = inner.iter().map(export).collect();
        sandbox.write(
            "inner/compose.toml",
            format!("[components]\n{}[exports]\n{exports}[build]\n{build}", entries(&inner)),
        );
        for node in &inner {
            sandbox.write(format!("inner/n{}.wasm", node.number), node.to_binary());
        }
    }
    sandbox
}

#[test]
fn random_compositions_are_the_same_however_they_are_laid_out() {
    for seed in 0..10 {
        let mut numbers = Numbers(seed);
        let nodes = nodes(&mut numbers);
        let folder = 2 + numbers.below(nodes.len());
        let mut worlds = Vec::new();
        for build in ["share = \"none\"", "share = \"modules\"", "share = \"components\"\nstrip = true"] {
            for folder in [usize::MAX, folder] {
                let sandbox = application(&nodes, folder, build);
                let built = sandbox.build();
                assert!(built.component.to_bytes().unwrap() == built.bytes);
                let component = &built.bytes;
                let called = 1 + numbers.below(nodes.len());
                let expected = answer(&nodes, called, 5).to_string();
                let title = format!("seed {seed}, {build}, folder from {folder}, node {called}");
                assert_eq!(invoke(component, &format!("n{called}#f(5)")), expected, "{title}");
                worlds.push(World::of_component(component).unwrap().to_wit());
                // What is remembered of the components is as good as the components: a build that finds them at rest is made of that.
                if build == "share = \"modules\"" {
                    assert!((0..2).all(|_| sandbox.build().bytes == built.bytes), "{title}");
                }
            }
        }
        worlds.dedup();
        assert_eq!(worlds.len(), 1, "seed {seed}");
    }
}
