//! Calls in text.

use std::sync::LazyLock;

use compose_runtime::{Application, Error, InvokeOptions};
use insta::assert_snapshot;

use crate::guest::{explain, guest, load};

static SHOP: LazyLock<Application> = LazyLock::new(|| load(&guest!("shop")));

async fn invoke(call: &str) -> Result<String, Error> {
    SHOP.invoke(call, InvokeOptions::default()).await
}

async fn check(call: &str, expected: &str) {
    assert_eq!(invoke(call).await.unwrap(), expected, "{call}");
}

async fn refusal(call: &str) -> Error {
    invoke(call).await.unwrap_err()
}

#[tokio::test]
async fn values_of_every_kind_go_there_and_come_back() {
    check(r#"echo-item({sku: "a", price: 3, note: some("x")})"#, r#"{sku: "a", price: 3, note: some("x")}"#).await;
    check(r#"echo-item({sku: "ü\n", price: 0})"#, r#"{sku: "ü\n", price: 0}"#).await;
    check(r#"echo-names(["a", "", "c"])"#, r#"["a", "", "c"]"#).await;
    check("echo-names([])", "[]").await;
    check("echo-discount(none-at-all)", "none-at-all").await;
    check("echo-discount(percent(15))", "percent(15)").await;
    check(r#"echo-discount(voucher("v"))"#, r#"voucher("v")"#).await;
    check("echo-size(large)", "large").await;
    check("echo-tags({fragile, cold})", "{fragile, cold}").await;
    check("echo-tuple((true, 'ß', 1.5))", "(true, 'ß', 1.5)").await;
}

#[tokio::test]
async fn an_err_is_a_result_like_any_other() {
    check("divide(7, 2)", "ok(3)").await;
    check("divide(7, 0)", r#"err("division by zero")"#).await;
}

#[tokio::test]
async fn optional_arguments_at_the_end_may_be_left_out() {
    check(r#"greet("a")"#, "none").await;
    check(r#"greet("a", some("b"))"#, r#"some("b")"#).await;
    check(r#"greet("a", "b")"#, r#"some("b")"#).await;
}

#[tokio::test]
async fn a_function_without_result_has_no_text() {
    check("nothing()", "").await;
}

#[tokio::test]
async fn every_call_has_an_instance_of_its_own() {
    check("api#count()", "1").await;
    check("api#count()", "1").await;
}

#[tokio::test]
async fn names_may_be_whole_or_as_short_as_one_function_answers() {
    check("version()", r#""1.0.0""#).await;
    check("shop:catalog/stock@1.0.0#count()", "7").await;
    check("shop:catalog/stock#count()", "7").await;
    check(" stock#count ( ) ", "7").await;
}

#[tokio::test]
async fn a_name_that_two_functions_have_is_refused_with_both() {
    let error = refusal("count()").await;
    assert_snapshot!(explain(&error), @"more than one exported function is named `count`");
    let Error::AmbiguousFunction { candidates, .. } = error else { panic!("{error:?}") };
    let candidates: Vec<_> = candidates.iter().map(ToString::to_string).collect();
    assert_snapshot!(candidates.join("\n"), @"
    shop:catalog/api@1.0.0#count: func() -> u32
    shop:catalog/stock@1.0.0#count: func() -> u32
    ");
}

#[tokio::test]
async fn an_unknown_name_is_refused_with_all_that_can_be_called() {
    let error = refusal(r#"find("a")"#).await;
    assert_snapshot!(explain(&error), @"the component exports no function `find`");
    let Error::UnknownFunction { callable, .. } = error else { panic!("{error:?}") };
    assert_eq!(callable, SHOP.callable());
    let callable: Vec<_> = callable.iter().map(ToString::to_string).collect();
    assert_snapshot!(callable.join("\n"), @"
    version: func() -> string
    shop:catalog/api@1.0.0#echo-item: func(item: record { sku: string, price: u32, note: option<string> }) -> record { sku: string, price: u32, note: option<string> }
    shop:catalog/api@1.0.0#echo-names: func(names: list<string>) -> list<string>
    shop:catalog/api@1.0.0#echo-discount: func(discount: variant { none-at-all, percent(u32), voucher(string) }) -> variant { none-at-all, percent(u32), voucher(string) }
    shop:catalog/api@1.0.0#echo-size: func(size: enum { small, large }) -> enum { small, large }
    shop:catalog/api@1.0.0#echo-tags: func(tags: flags { fragile, heavy, cold }) -> flags { fragile, heavy, cold }
    shop:catalog/api@1.0.0#echo-tuple: func(pair: tuple<bool, char, f64>) -> tuple<bool, char, f64>
    shop:catalog/api@1.0.0#divide: func(dividend: u32, divisor: u32) -> result<u32, string>
    shop:catalog/api@1.0.0#greet: func(name: string, greeting: option<string>) -> option<string>
    shop:catalog/api@1.0.0#count: func() -> u32
    shop:catalog/api@1.0.0#nothing: func()
    shop:catalog/api@1.0.0#fail: func() -> u32
    shop:catalog/api@1.0.0#spin: func()
    shop:catalog/stock@1.0.0#count: func() -> u32
    ");
}

#[tokio::test]
async fn a_function_of_handles_is_refused_with_the_type_that_has_no_text() {
    assert_snapshot!(explain(&refusal("fill(1)").await), @"`shop:catalog/stock@1.0.0#fill` cannot be called from text: it uses `borrow<_>`");
    assert_snapshot!(explain(&refusal("[constructor]shelf()").await), @"`shop:catalog/stock@1.0.0#[constructor]shelf` cannot be called from text: it uses `own<_>`");
}

#[tokio::test]
async fn an_argument_of_another_type_is_refused_with_its_place() {
    let error = refusal(r#"api#divide(1, "two")"#).await;
    assert_snapshot!(explain(&error), @"the argument `divisor` of `shop:catalog/api@1.0.0#divide` is no `u32`, at byte 14: invalid value type");
    let Error::Argument { function, type_name, position, .. } = error else { panic!("{error:?}") };
    assert_snapshot!(function.to_string(), @"shop:catalog/api@1.0.0#divide: func(dividend: u32, divisor: u32) -> result<u32, string>");
    assert_eq!(type_name, "u32");
    assert_eq!(&r#"api#divide(1, "two")"#[position], r#""two""#);

    assert_snapshot!(explain(&refusal(r#"echo-item({sku: "a"})"#).await), @r#"the argument `item` of `shop:catalog/api@1.0.0#echo-item` is no `record { sku: string, price: u32, note: option<string> }`, at byte 10: missing field "price""#);
    assert_snapshot!(explain(&refusal("divide(1, -1)").await), @"the argument `divisor` of `shop:catalog/api@1.0.0#divide` is no `u32`, at byte 10: invalid value");
    assert_snapshot!(explain(&refusal("echo-size(medium)").await), @"the argument `size` of `shop:catalog/api@1.0.0#echo-size` is no `enum { small, large }`, at byte 10: expected a enum { small, large }; got medium");
}

#[tokio::test]
async fn too_few_and_too_many_arguments_are_refused_with_their_number() {
    assert_snapshot!(explain(&refusal("divide(1)").await), @"the call has 1 argument, too few for `shop:catalog/api@1.0.0#divide: func(dividend: u32, divisor: u32) -> result<u32, string>`");
    assert_snapshot!(explain(&refusal("greet()").await), @"the call has 0 arguments, too few for `shop:catalog/api@1.0.0#greet: func(name: string, greeting: option<string>) -> option<string>`");
    assert_snapshot!(explain(&refusal("nothing(1, 2)").await), @"the call has 2 arguments, too many for `shop:catalog/api@1.0.0#nothing: func()`");
}

#[tokio::test]
async fn text_that_is_no_call_is_refused_with_its_place() {
    assert_snapshot!(explain(&refusal("divide").await), @"cannot read the call at byte 6: expected `(` and the arguments after the function's name");
    assert_snapshot!(explain(&refusal("(1)").await), @"cannot read the call at byte 0: expected the function's name before `(`");
    assert_snapshot!(explain(&refusal("divide(1, 2").await), @"cannot read the call at byte 11: expected `)` at the end");
    assert_snapshot!(explain(&refusal("divide(1 2)").await), @"cannot read the call at byte 9: unexpected token: Number");
    assert_snapshot!(explain(&refusal("divide(1), (2)").await), @"cannot read the call at byte 9: trailing characters after value");
    assert_snapshot!(explain(&refusal("").await), @"cannot read the call at byte 0: expected `(` and the arguments after the function's name");
}

#[tokio::test]
async fn a_trap_has_its_cause_and_its_backtrace() {
    let error = refusal("fail()").await;
    assert_snapshot!(explain(&error), @"the component trapped: wasm `unreachable` instruction executed");
    let Error::Trap { backtrace, .. } = error else { panic!("{error:?}") };
    let backtrace: Vec<_> = backtrace.iter().map(ToString::to_string).collect();
    assert_snapshot!(backtrace.join("\n"), @"
    shop: give-up
    shop: fail
    ");
}

#[tokio::test]
async fn a_call_without_end_stops_when_its_future_is_dropped() {
    tokio::select! {
        biased;
        ended = invoke("spin()") => panic!("{ended:?}"),
        () = tokio::task::yield_now() => {}
    }
}
