//! The gateway: HTTP on one side, the other services on the other.
//!
//! Four services became four imports. There is no client, no serialisation and no retry in here, because a call
//! to another service is a call.

mod http;
mod json;
mod pages;

mod bindings {
    wit_bindgen::generate!({
        path: ["../catalog/wit", "../tax/wit", "../pricing/wit", "../wit", "wit"],
        world: "shop:gateway/gateway",
        generate_all,
    });
}

use bindings::exports::wasi::http::incoming_handler::Guest;
use bindings::wasi::http::types::{IncomingRequest, Method, ResponseOutparam};
use http::{Answer, Query};

struct Gateway;

impl Guest for Gateway {
    fn handle(request: IncomingRequest, response_out: ResponseOutparam) {
        http::send(answer(&request), response_out);
    }
}

fn answer(request: &IncomingRequest) -> Answer {
    if !matches!(request.method(), Method::Get) {
        return Answer::method_not_allowed();
    }
    let target = request.path_with_query().unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let query = match Query::parse(query) {
        Ok(query) => query,
        Err(problem) => return Answer::error(400, problem),
    };
    match path.split('/').skip(1).collect::<Vec<_>>()[..] {
        [""] => pages::index(),
        ["items"] => pages::items(query),
        ["items", sku] => pages::item(sku, &query),
        ["invoice", skus] => pages::invoice(skus, &query),
        _ => Answer::error(404, "no such page"),
    }
}

bindings::export!(Gateway with_types_in bindings);
