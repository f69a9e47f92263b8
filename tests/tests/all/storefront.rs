//! The sample: four components in three languages, composed from what is committed, and served.

use std::path::Path;

use compose_tests::{
    execution::serve,
    http::{Request, Response},
    sandbox::Sandbox,
};

use crate::steps::{exports, imports};

/// The sample as it is committed, in a sandbox.
fn storefront() -> Sandbox {
    let sandbox = Sandbox::new("");
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("../samples/storefront");
    copy(&sample, &sandbox.path(""));
    sandbox
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        match entry.file_type().unwrap() {
            kind if kind.is_dir() && entry.file_name() == "target" => {}
            kind if kind.is_dir() => copy(&source, &target),
            _ => drop(std::fs::copy(&source, &target).unwrap()),
        }
    }
}

#[test]
fn its_lock_is_up_to_date() {
    let run = storefront().compose("check --frozen");
    assert_eq!(run.status, Some(0), "{run}");
}

#[test]
fn it_is_one_component_of_five_instances() {
    let sandbox = storefront();
    let built = sandbox.build();
    insta::assert_snapshot!(sandbox.compose("tree --frozen"), @"
    shop:storefront@1.0.0
    └── gateway (gateway/gateway.wasm): wasi:http/incoming-handler@0.2.12
        ├── catalog (shop:catalog@1.2.3): shop:catalog/api@1.2.0
        ├── tax-us = tax (acme:tax@1.0.4): acme:tax/rates@1.0.0
        ├── pricing (pricing/pricing.wasm): shop:pricing/quotes@2.1.0
        │   ├── catalog (shop:catalog@1.2.3): shop:catalog/api@1.2.0
        │   └── tax-eu = tax (acme:tax@1.0.4): acme:tax/rates@1.0.0
        └── host: wasi:io/{error, streams}@0.2.12, wasi:http/types@0.2.12
    exit status 0
    ");
    let names: Vec<&str> = built.planned.plan.instances.iter().map(|instance| &*instance.name).collect();
    assert_eq!(names, ["gateway", "pricing", "catalog", "tax-eu", "tax-us"]);
    assert_eq!(exports(&built), ["wasi:http/incoming-handler@0.2.12"]);
    assert!(imports(&built).iter().all(|import| import.starts_with("wasi:http/") || import.starts_with("wasi:io/")));
}

#[test]
fn it_answers_through_all_of_its_components() {
    let built = storefront().build();
    serve(&built.bytes, |address| {
        let get = |target: &str| Request::new("GET", target).send(address);
        let answer = |response: &Response| format!("{} {}", response.status, response.text());

        assert_eq!(get("/").status, 200);
        let items = get("/items?tag=gift");
        assert_eq!(items.status, 200);
        assert!(items.text().contains("\"mug\""), "{}", items.text());
        insta::assert_snapshot!(answer(&get("/items/mug?qty=3&to=DE")), @r#"200 {"item":{"sku":"mug","name":"Enamel mug","kind":"parcel","grams":310,"price":1450,"tags":["kitchen","gift"],"note":null},"stock":40,"price":{"unit":1450,"quantity":3,"discount":null,"net":4350},"tax":{"entry":1,"treatment":"standard","reason":null,"basis-points":1900,"amount":827},"gross":5177,"to":"DE","books":{"pricing":{"lines":1,"net":4350,"tax":827},"gateway":{"lines":0,"net":0,"tax":0}}}"#);
        insta::assert_snapshot!(answer(&get("/invoice/mug,tee?qty=2&to=US-NY")), @r#"200 {"lines":[{"sku":"mug","price":{"unit":1450,"quantity":2,"discount":null,"net":2900},"tax":{"entry":1,"treatment":"standard","reason":null,"basis-points":400,"amount":116}},{"sku":"tee","price":{"unit":2200,"quantity":2,"discount":null,"net":4400},"tax":{"entry":2,"treatment":"exempt","reason":"clothing under $110","basis-points":0,"amount":0}}],"net":7300,"tax":116,"gross":7416,"to":"US-NY","books":{"pricing":{"lines":0,"net":0,"tax":0},"gateway":{"lines":2,"net":7300,"tax":116}}}"#);
        assert_eq!(get("/items/spoon").status, 404);
        assert_eq!(get("/items/mug?qty=many").status, 400);
        assert_eq!(get("/items/mug?to=XX").status, 422);
        assert_eq!(Request::new("POST", "/items").send(address).status, 405);
        // Each request has an instance of its own, and so books of its own.
        assert_eq!(answer(&get("/items/mug?qty=3&to=DE")), answer(&get("/items/mug?qty=3&to=DE")));
    });
}
