//! What the gateway reads of a request and how it sends an answer.

use crate::bindings::wasi::http::types::{Fields, OutgoingBody, OutgoingResponse, ResponseOutparam};
use crate::json::Object;

/// The parameters that the pages know.
#[derive(Default)]
pub struct Query {
    pub qty: Option<u32>,
    pub tag: Option<String>,
    pub to: Option<String>,
}

impl Query {
    /// Values are taken as they are: nothing that is for sale, and no destination, needs an escape.
    ///
    /// # Errors
    ///
    /// A sentence about the first parameter that is unknown or not a number.
    pub fn parse(query: &str) -> Result<Query, &'static str> {
        let mut parsed = Query::default();
        for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            match name {
                "qty" => parsed.qty = Some(value.parse().map_err(|_| "qty is not a whole number")?),
                "tag" => parsed.tag = Some(value.into()),
                "to" => parsed.to = Some(value.into()),
                _ => return Err("the parameters are qty, tag and to"),
            }
        }
        Ok(parsed)
    }
}

pub struct Answer {
    status: u16,
    headers: &'static [(&'static str, &'static str)],
    body: String,
}

const JSON: (&str, &str) = ("content-type", "application/json");

impl Answer {
    pub fn text(body: &str) -> Answer {
        Answer { status: 200, headers: &[("content-type", "text/plain; charset=utf-8")], body: body.into() }
    }

    pub fn json(body: String) -> Answer {
        Answer { status: 200, headers: &[JSON], body: body + "\n" }
    }

    pub fn error(status: u16, problem: &str) -> Answer {
        let body = Object::default().string("error", problem).end();
        Answer { status, ..Answer::json(body) }
    }

    pub fn method_not_allowed() -> Answer {
        Answer { headers: &[JSON, ("allow", "GET")], ..Answer::error(405, "only GET is answered") }
    }
}

/// Writes the answer. A client that went away is no error of ours.
pub fn send(answer: Answer, response_out: ResponseOutparam) {
    let headers = Fields::new();
    for (name, value) in answer.headers {
        headers.append(name, value.as_bytes()).expect("our header names and values are well-formed");
    }
    let response = OutgoingResponse::new(headers);
    response.set_status_code(answer.status).expect("our status codes are in range");
    let body = response.body().expect("the body is taken once");
    ResponseOutparam::set(response_out, Ok(response));

    let stream = body.write().expect("the body's stream is taken once");
    // The stream takes at most 4096 bytes at a time.
    let complete = answer.body.as_bytes().chunks(4096).all(|chunk| stream.blocking_write_and_flush(chunk).is_ok());
    drop(stream);
    if complete {
        let _ = OutgoingBody::finish(body, None);
    }
}
