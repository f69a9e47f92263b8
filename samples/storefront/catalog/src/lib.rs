//! The catalog: what is for sale, and how much of it is left.
//!
//! A product is a resource. Its consumers hold a handle to it and ask; what the handle stands for stays in here.

mod shelf;

mod bindings {
    #[cfg(not(any(feature = "release-1-1", feature = "release-2-0")))]
    wit_bindgen::generate!({ path: "wit", world: "catalog" });

    #[cfg(feature = "release-1-1")]
    wit_bindgen::generate!({ path: "wit-1.1", world: "catalog" });

    #[cfg(feature = "release-2-0")]
    wit_bindgen::generate!({ path: "wit-2.0", world: "catalog" });
}

use bindings::exports::shop::catalog::api;
use shelf::{Entry, SHELF, Shape};

struct Catalog;

impl api::Guest for Catalog {
    type Product = Product;

    fn find(sku: String) -> Option<api::Product> {
        let entry = SHELF.iter().find(|entry| entry.sku == sku)?;
        Some(api::Product::new(Product(entry)))
    }

    fn items(tag: Option<String>) -> Vec<api::Item> {
        let wanted = |entry: &&Entry| tag.as_deref().is_none_or(|tag| entry.tags.contains(&tag));
        let mut entries: Vec<&Entry> = SHELF.iter().filter(wanted).collect();
        // 1.2.3 fixed the order: before, it was the order in which goods had arrived.
        if cfg!(not(any(feature = "release-1-1", feature = "release-1-2-0"))) {
            entries.sort_by_key(|entry| entry.sku);
        }
        entries.into_iter().map(describe).collect()
    }
}

/// What a handle stands for.
struct Product(&'static Entry);

impl api::GuestProduct for Product {
    fn details(&self) -> api::Item {
        describe(self.0)
    }

    #[cfg(not(feature = "release-1-1"))]
    fn stock(&self) -> Option<u32> {
        self.0.stock
    }
}

fn describe(entry: &Entry) -> api::Item {
    api::Item {
        sku: entry.sku.into(),
        name: entry.name.into(),
        kind: match entry.shape {
            Shape::Parcel { grams } => api::Kind::Parcel(grams),
            Shape::Download { format } => api::Kind::Download(format.into()),
        },
        #[cfg(not(feature = "release-2-0"))]
        price: entry.cents,
        #[cfg(feature = "release-2-0")]
        price: api::Money { cents: entry.cents, currency: "EUR".into() },
        tags: entry.tags.iter().map(|&tag| tag.into()).collect(),
        note: entry.note.map(Into::into),
    }
}

bindings::export!(Catalog with_types_in bindings);
