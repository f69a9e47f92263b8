//! `compose inspect --sizes`: what is big, what is there more than once and why, and how near the component is to what runtimes bound.

use std::fmt::Write as _;

use composer::inspect::Sizes;

use crate::text;

/// How many modules are listed.
const LISTED: usize = 12;

pub(super) fn description(sizes: &Sizes, is_composed: bool) -> String {
    let mut text = String::new();
    contents(&mut text, sizes);
    if !sizes.modules.is_empty() {
        largest(&mut text, sizes);
    }
    if sizes.repeated() > 0 {
        repeated(&mut text, sizes, is_composed);
    }
    let _ = writeln!(text, "\nDefinitions in the outermost component, and in all");
    for (what, found, limit) in sizes.limits {
        let _ = writeln!(text, "  {what:<30} {found} of at most {limit}");
    }
    text
}

fn contents(text: &mut String, sizes: &Sizes) {
    let _ = writeln!(text, "\nBytes");
    let rows = [
        ("code, data", sizes.code),
        ("names", sizes.names),
        ("debugging", sizes.debug),
        ("other custom", sizes.other),
        ("wiring", sizes.structure),
    ];
    for (what, bytes) in rows {
        let share = (bytes.saturating_mul(100) + sizes.total / 2).checked_div(sizes.total).unwrap_or(0);
        let _ = writeln!(text, "  {what:<13} {:>10} {share:>3} %", text::size(bytes));
    }
}

fn largest(text: &mut String, sizes: &Sizes) {
    let _ = writeln!(text, "\nLargest of the different core modules");
    for module in sizes.modules.iter().take(LISTED) {
        let first = module.places.first().map_or("", String::as_str);
        let others = match module.places.len() - 1 {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let _ = writeln!(text, "  {:>10} {first}{others}", text::size(module.size));
    }
    if let Some(more) = sizes.modules.len().checked_sub(LISTED).filter(|more| *more > 0) {
        let bytes = sizes.modules.iter().skip(LISTED).map(|module| module.size).sum();
        let _ = writeln!(text, "  {:>10} {}", text::size(bytes), text::count(more, "smaller one"));
    }
}

fn repeated(text: &mut String, sizes: &Sizes, is_composed: bool) {
    let _ = writeln!(text, "\nDefined more than once: {} could be shared", text::size(sizes.repeated()));
    let mut modules: Vec<_> = sizes.modules.iter().filter(|module| module.places.len() > 1).collect();
    modules.sort_by_key(|module| std::cmp::Reverse(module.size * (module.places.len() as u64 - 1)));
    for module in modules.iter().take(LISTED) {
        let _ = writeln!(text, "  {:>10} {} times", text::size(module.size), module.places.len());
        for place in &module.places {
            let _ = writeln!(text, "             {place}");
        }
    }
    if let Some(more) = modules.len().checked_sub(LISTED).filter(|more| *more > 0) {
        let _ = writeln!(text, "             and {more} more");
    }
    let why = if is_composed {
        "It was composed with `share = \"none\"` under `[build]`, or these are too small to be worth it."
    } else {
        "A component is its maker's; as a part of an application that `compose` builds, each of these is defined once."
    };
    let _ = writeln!(text, "  {why}");
}
