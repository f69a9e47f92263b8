//! The stock list, where a service would have had its database.

pub struct Entry {
    pub sku: &'static str,
    pub name: &'static str,
    pub shape: Shape,
    pub cents: u64,
    pub tags: &'static [&'static str],
    pub note: Option<&'static str>,
    /// None where there is no limit.
    #[cfg_attr(feature = "release-1-1", allow(dead_code))]
    pub stock: Option<u32>,
}

pub enum Shape {
    Parcel { grams: u32 },
    Download { format: &'static str },
}

/// In the order of arrival.
pub const SHELF: &[Entry] = &[
    Entry {
        sku: "tee",
        name: "Logo tee",
        shape: Shape::Parcel { grams: 180 },
        cents: 2200,
        tags: &["clothing"],
        note: Some("Runs \"small\""),
        stock: Some(75),
    },
    Entry {
        sku: "mug",
        name: "Enamel mug",
        shape: Shape::Parcel { grams: 310 },
        cents: 1450,
        tags: &["kitchen", "gift"],
        note: None,
        stock: Some(40),
    },
    Entry {
        sku: "book",
        name: "Interfaces, a field guide",
        shape: Shape::Parcel { grams: 620 },
        cents: 2990,
        tags: &["book", "gift"],
        note: None,
        stock: Some(12),
    },
    Entry {
        sku: "font",
        name: "Storefront Grotesk",
        shape: Shape::Download { format: "otf" },
        cents: 4900,
        tags: &["digital"],
        note: Some("Licence for one seat"),
        stock: None,
    },
];
