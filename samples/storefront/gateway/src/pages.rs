//! The pages, and what each asks of the other services.

use crate::bindings::acme::tax::rates::{self, Book, Line, Refusal as TaxRefusal, Sale, Treatment};
use crate::bindings::shop::catalog::api::{self, Item, Kind};
use crate::bindings::shop::pricing::quotes::{self, Price, Refusal};
use crate::http::{Answer, Query};
use crate::json::{Object, array, string};

const INDEX: &str = "\
storefront: four services in one component

GET /items                                what is for sale
GET /items?tag=gift                       what is for sale and has the tag
GET /items/mug?qty=3&to=DE                what a consumer in Germany pays, value added tax included
GET /invoice/mug,tee?qty=2&to=US-NY       an invoice for New York, sales tax on lines of its own
";

pub fn index() -> Answer {
    Answer::text(INDEX)
}

/// Asks the catalog.
pub fn items(query: Query) -> Answer {
    let items = api::items(query.tag.as_deref());
    Answer::json(Object::default().raw("items", array(items.iter().map(item_json))).end())
}

/// Asks the catalog for the product, and pricing for a quote. Pricing asks the product what it costs and its own tax
/// desk for the tax: in Europe, the price a consumer sees has the tax in it.
pub fn item(sku: &str, query: &Query) -> Answer {
    let Some(product) = api::find(sku) else {
        return unknown_sku(sku);
    };
    let destination = query.to.as_deref().unwrap_or("DE");
    if is_in_the_states(destination) {
        return Answer::error(422, "prices with tax in them are for Europe: ask for an invoice");
    }
    let quote = match quotes::consumer(&product, query.qty.unwrap_or(1), destination) {
        Ok(quote) => quote,
        Err(refusal) => return refused(sku, refusal),
    };
    let body = Object::default()
        .raw("item", item_json(&product.details()))
        .optional("stock", product.stock())
        .raw("price", price_json(&quote.price))
        .raw("tax", line_json(&quote.tax))
        .raw("gross", quote.gross)
        .string("to", destination)
        .raw("books", books_json());
    Answer::json(body.end())
}

/// Asks the catalog for each product, pricing for the net price, and the gateway's own tax desk for the tax: in the
/// United States, it is added at the checkout.
pub fn invoice(skus: &str, query: &Query) -> Answer {
    let destination = query.to.as_deref().unwrap_or("US-CA");
    if !is_in_the_states(destination) {
        return Answer::error(422, "invoices are for the United States: ask for the price of an item");
    }
    let quantity = query.qty.unwrap_or(1);
    let mut lines = Vec::new();
    let (mut net, mut tax) = (0, 0);
    for sku in skus.split(',') {
        let Some(product) = api::find(sku) else {
            return unknown_sku(sku);
        };
        let price = match quotes::net(&product, quantity) {
            Ok(price) => price,
            Err(refusal) => return refused(sku, refusal),
        };
        let sale = Sale { destination: destination.into(), tags: product.details().tags, net: price.net };
        let line = match rates::assess(&sale) {
            Ok(line) => line,
            Err(refusal) => return refused(sku, Refusal::Tax(refusal)),
        };
        net += price.net;
        tax += line.amount;
        let entry = Object::default().string("sku", sku).raw("price", price_json(&price)).raw("tax", line_json(&line));
        lines.push(entry.end());
    }
    let body = Object::default()
        .raw("lines", array(lines))
        .raw("net", net)
        .raw("tax", tax)
        .raw("gross", net + tax)
        .string("to", destination)
        .raw("books", books_json());
    Answer::json(body.end())
}

fn is_in_the_states(destination: &str) -> bool {
    destination.starts_with("US-")
}

fn unknown_sku(sku: &str) -> Answer {
    Answer::error(404, &format!("nothing with the SKU {sku} is for sale"))
}

fn refused(sku: &str, refusal: Refusal) -> Answer {
    let problem = match refusal {
        Refusal::QuantityIsZero => format!("{sku}: a quantity of 0 cannot be sold"),
        Refusal::OverLimit(limit) => format!("{sku}: one order may have at most {limit}"),
        Refusal::OutOfStock(left) => format!("{sku}: only {left} left"),
        Refusal::Tax(TaxRefusal::UnknownDestination(destination)) => {
            format!("{sku}: no tax rules for {destination}")
        }
        Refusal::Tax(TaxRefusal::TooLarge(limit)) => format!("{sku}: tax is computed on at most {limit} cents"),
    };
    Answer::error(422, &problem)
}

fn item_json(item: &Item) -> String {
    let object = Object::default().string("sku", &item.sku).string("name", &item.name);
    let object = match &item.kind {
        Kind::Parcel(grams) => object.string("kind", "parcel").raw("grams", grams),
        Kind::Download(format) => object.string("kind", "download").string("format", format),
    };
    object
        .raw("price", item.price)
        .raw("tags", array(item.tags.iter().map(|tag| string(tag))))
        .optional("note", item.note.as_deref().map(string))
        .end()
}

fn price_json(price: &Price) -> String {
    let discount = price
        .discount
        .map(|discount| Object::default().raw("percent", discount.percent).raw("amount", discount.amount).end());
    Object::default()
        .raw("unit", price.unit)
        .raw("quantity", price.quantity)
        .optional("discount", discount)
        .raw("net", price.net)
        .end()
}

fn line_json(line: &Line) -> String {
    let (treatment, reason) = match &line.treatment {
        Treatment::Standard => ("standard", None),
        Treatment::Reduced(reason) => ("reduced", Some(reason)),
        Treatment::Exempt(reason) => ("exempt", Some(reason)),
    };
    Object::default()
        .raw("entry", line.entry)
        .string("treatment", treatment)
        .optional("reason", reason.map(|reason| string(reason)))
        .raw("basis-points", line.basis_points)
        .raw("amount", line.amount)
        .end()
}

/// Both tax desks are one component. That each has a memory of its own shows here: a sale is in one book only.
fn books_json() -> String {
    Object::default().raw("pricing", book_json(&quotes::tax_book())).raw("gateway", book_json(&rates::totals())).end()
}

fn book_json(book: &Book) -> String {
    Object::default().raw("lines", book.lines).raw("net", book.net).raw("tax", book.tax).end()
}
