//! A few plain pages, made on the server: no script, no style of another site, readable by a screen reader.

use crate::language::Language;
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};

/// The one style sheet; served from its own address so that the policy needs no inline style.
pub const STYLE: &str = "\
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }
label { display: block; margin-top: .75rem; }
input { display: block; font: inherit; width: 100%; max-width: 24rem; padding: .4rem; box-sizing: border-box; }
button { display: block; font: inherit; margin-top: 1rem; padding: .5rem 1.25rem; }
table { border-collapse: collapse; }
th, td { text-align: left; vertical-align: top; padding: .25rem 1.5rem .25rem 0; border-bottom: 1px solid; }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
dt { font-weight: 600; }
dd { margin: 0 0 .5rem; overflow-wrap: anywhere; }
pre { overflow-x: auto; padding: .75rem; border: 1px solid; }
.exercise { border: 2px solid; padding: .25rem .75rem; font-weight: 600; }
.refused { border-left: .3rem solid; padding-left: .75rem; }
:focus-visible { outline: 3px solid; outline-offset: 2px; }
";

const POLICY: &str =
    "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Text that can stand anywhere in a page.
pub fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            letter => safe.push(letter),
        }
    }
    safe
}

/// A page around `main`, which is HTML already. `here` is the address at which it is shown in the other language.
pub fn page(status: StatusCode, language: Language, here: &str, title: &str, exercise: bool, main: &str) -> Response {
    let banner = if exercise {
        let words = language.pick("演练环境：所有人员均为虚构。", "Exercise: nobody in here exists.");
        format!("<p class=\"exercise\" role=\"note\">{words}</p>")
    } else {
        String::new()
    };
    let (other, other_name) = match language {
        Language::Zh => (Language::En, "English"),
        Language::En => (Language::Zh, "中文"),
    };
    let (lang, title, other, here) = (language.tag(), escape(title), other.tag(), escape(here));
    let text = format!(
        "<!doctype html>\n<html lang=\"{lang}\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{title} · Firebreak</title><link rel=\"stylesheet\" href=\"/style.css\"></head>\n\
         <body><header><p><strong>Firebreak</strong> · <a href=\"{here}?lang={other}\" lang=\"{other}\" hreflang=\"{other}\">\
         {other_name}</a></p>{banner}</header>\n<main><h1>{title}</h1>\n{main}</main></body></html>\n"
    );
    let mut response = (status, text).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(lang));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    response
}

/// The form by which people sign in; `refused` says why the last try failed.
pub fn sign_in(language: Language, refused: Option<&str>) -> String {
    let told =
        refused.map(|why| format!("<p class=\"refused\" role=\"alert\">{}</p>\n", escape(why))).unwrap_or_default();
    let lang = language.tag();
    let [login, password, code, hint, submit] = language.pick(
        ["账号", "密码", "动态验证码", "未启用可留空", "登录"],
        ["Login", "Password", "One-time code", "leave empty if you use none", "Sign in"],
    );
    format!(
        "{told}<form method=\"post\" action=\"/sign-in?lang={lang}\">\
         <label for=\"login\">{login}</label>\
         <input id=\"login\" name=\"login\" autocomplete=\"username\" autocapitalize=\"none\" required maxlength=\"100\">\
         <label for=\"password\">{password}</label>\
         <input id=\"password\" name=\"password\" type=\"password\" autocomplete=\"current-password\" required maxlength=\"200\">\
         <label for=\"code\">{code} <small>({hint})</small></label>\
         <input id=\"code\" name=\"code\" inputmode=\"numeric\" autocomplete=\"one-time-code\" maxlength=\"10\">\
         <button type=\"submit\">{submit}</button></form>\n"
    )
}

/// A page that says why there is none, for a browser that went to an address.
pub fn refusal(status: StatusCode, language: Language, exercise: bool, reason: &str, remedy: &str) -> Response {
    let (title, back) = language.pick(("无法显示", "返回首页"), ("This cannot be shown", "Back to the first page"));
    let main = format!(
        "<p class=\"refused\" role=\"alert\">{}</p>\n<p>{}</p>\n<p><a href=\"/?lang={}\">{back}</a></p>\n",
        escape(reason),
        escape(remedy),
        language.tag()
    );
    page(status, language, "/", title, exercise, &main)
}
