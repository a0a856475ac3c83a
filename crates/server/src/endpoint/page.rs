//! The pages that a browser shows before there is a console: sign in, see where one is, try the API, sign out. Plain
//! forms, no script.

use crate::{
    app::App,
    caller::{self, Caller, Visitor},
    html::{self, escape},
    json,
    language::Language,
    problem::{Problem, ProblemBody},
    query,
    signing::{self, Proof},
    texts,
};
use axum::{
    Router,
    extract::{Path, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use domain::access::{self, Action, Noun, Role};
use serde::{Deserialize, de::DeserializeOwned};
use store::{
    accounts::LinkPurpose,
    query::{Ask, COUNTED, QueryError, Record, view},
};
use utoipa_axum::{router::OpenApiRouter, routes};

/// The pages.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/", get(home))
        .route("/style.css", get(style))
        .route("/sign-in", post(sign_in))
        .route("/sign-out", post(sign_out))
        .route("/sign-in/{token}", get(sign_in_link_page))
        .route("/set-password/{link}", get(password_page).post(set_password))
}

/// The one link of the API.
pub fn links() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(sign_in_by_link))
}

/// Longest form, bytes.
const MAX_FORM_BYTES: usize = 8 << 10;

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    lang: Option<String>,
}

/// The language that the page's address chooses.
fn chosen(uri: &Uri) -> Option<Language> {
    query::of_uri::<Asked>(uri).ok().and_then(|asked| asked.lang).as_deref().and_then(Language::of_tag)
}

/// The language of a page: chosen by its link, or the browser's.
fn spoken(app: &App, uri: &Uri, headers: &HeaderMap) -> Language {
    chosen(uri).unwrap_or_else(|| Language::asked(headers, app.config.language))
}

/// The fields of a form.
async fn form<T: DeserializeOwned>(app: &App, request: Request) -> Result<T, Problem> {
    let bad = || Problem::new(StatusCode::BAD_REQUEST, "malformed_request");
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if !kind.starts_with("application/x-www-form-urlencoded") {
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "malformed_request"));
    }
    let bytes = json::collect(app, request, MAX_FORM_BYTES).await?;
    let text = String::from_utf8(bytes).map_err(|_| bad())?;
    // A form is written as a query is, and read by the same parser.
    let uri = Uri::builder().path_and_query(format!("/?{text}")).build().map_err(|_| bad())?;
    axum::extract::Query::try_from_uri(&uri).map(|form| form.0).map_err(|_| bad())
}

/// Sends the browser to the first page, in the language that was chosen if one was.
fn see(uri: &Uri, cookie: Option<HeaderValue>) -> Response {
    let place = match chosen(uri) {
        Some(Language::Zh) => "/?lang=zh",
        Some(Language::En) => "/?lang=en",
        None => "/",
    };
    let mut response = (StatusCode::SEE_OTHER, [(header::LOCATION, place)]).into_response();
    if let Some(cookie) = cookie {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

async fn style() -> Response {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], html::STYLE).into_response()
}

async fn home(
    State(app): State<App>,
    Visitor(visitor): Visitor,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let language = spoken(&app, &uri, &headers);
    match visitor {
        None => Ok(sign_in_page(&app, language, None)),
        Some(caller) => status_page(&app, &caller, language, &headers).await,
    }
}

fn sign_in_page(app: &App, language: Language, refused: Option<&Problem>) -> Response {
    let status = refused.map_or(StatusCode::OK, |problem| problem.status);
    let why = refused.map(|problem| {
        let words = texts::words(&problem.rule, language);
        format!("{} {}", words.reason, words.remedy)
    });
    let title = language.pick("登录", "Sign in");
    html::page(status, language, "/", title, app.store.is_exercise(), &html::sign_in(language, why.as_deref()))
}

async fn status_page(
    app: &App,
    caller: &Caller,
    language: Language,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let account = app.store.own_account(caller.account).await?.ok_or_else(Problem::not_found)?;
    let outbreaks = outbreaks(app, caller).await?;
    let streams = app.store.streams().await?;
    let roles: Vec<&str> = caller.rights.live_grants().map(|grant| title_of(grant.role, language)).collect();
    let counts = counts(app, caller, language).await?;
    let [who, posts, outbreaks_title, first, leave] = language.pick(
        ["身份", "指挥部", "疫情", "可以先试试", "退出登录"],
        ["You", "Command posts", "Outbreaks", "First things to try", "Sign out"],
    );
    let [named, login, duty] = language.pick(["姓名", "账号", "岗位"], ["Name", "Login", "Post"]);
    let post_rows: String = streams
        .iter()
        .map(|post| {
            format!("<tr><td>{}</td><td>{}</td><td>{}</td></tr>", post.stream, escape(&post.code), escape(&post.name))
        })
        .collect();
    let outbreak_rows: String = outbreaks.iter().map(outbreak_row).collect();
    let [number, code, name, disease, pack] =
        language.pick(["编号", "代码", "名称", "疾病", "方案"], ["Number", "Code", "Name", "Disease", "Pack"]);
    let none = language.pick("没有您可以查看的疫情。", "None that you may see.");
    let outbreak_table = if outbreaks.is_empty() {
        format!("<p>{none}</p>")
    } else {
        format!(
            "<table><thead><tr><th scope=\"col\">{name}</th><th scope=\"col\">{disease}</th><th scope=\"col\">{pack}</th></tr></thead><tbody>{outbreak_rows}</tbody></table>"
        )
    };
    let main = format!(
        "<section><h2>{who}</h2><dl><dt>{named}</dt><dd>{}</dd><dt>{login}</dt><dd>{}</dd><dt>{duty}</dt><dd>{}</dd></dl></section>\n\
         {counts}<section><h2>{outbreaks_title}</h2>{outbreak_table}</section>\n\
         <section><h2>{posts}</h2><table><thead><tr><th scope=\"col\">{number}</th><th scope=\"col\">{code}</th><th scope=\"col\">{name}</th></tr></thead><tbody>{post_rows}</tbody></table></section>\n\
         <section><h2>{first}</h2>{}</section>\n\
         <form method=\"post\" action=\"/sign-out?lang={lang}\"><button type=\"submit\">{leave}</button></form>\n",
        escape(&account.name),
        escape(&account.login),
        escape(&roles.join(language.pick("、", ", "))),
        to_try(app, caller, language, headers),
        lang = language.tag(),
    );
    let title = language.pick("指挥部", "Command post");
    Ok(html::page(StatusCode::OK, language, "/", title, app.store.is_exercise(), &main))
}

/// A role's name for people.
const fn title_of(role: Role, language: Language) -> &'static str {
    match role {
        Role::Epidemiologist => language.pick("流调负责人", "Epidemiologist"),
        Role::Tracer => language.pick("流调员", "Tracer"),
        Role::CommunityWorker => language.pick("社区工作者", "Community worker"),
        Role::Sampler => language.pick("采样员", "Sampler"),
        Role::Courier => language.pick("转运员", "Courier"),
        Role::Laboratory => language.pick("实验室", "Laboratory"),
        Role::Dispatcher => language.pick("调度员", "Dispatcher"),
        Role::Hotline => language.pick("热线接线员", "Hotline"),
        Role::Commander => language.pick("指挥长", "Commander"),
        Role::Inspector => language.pick("督查员", "Inspector"),
        Role::DataAnalyst => language.pick("数据分析员", "Data analyst"),
        Role::AccountAdministrator => language.pick("账户管理员", "Account administrator"),
    }
}

/// How many records the caller may see. What the caller may not list is not named.
async fn counts(app: &App, caller: &Caller, language: Language) -> Result<String, Problem> {
    let kinds = [
        (Noun::Case, "", language.pick("病例", "Cases")),
        (Noun::Contact, "followed", language.pick("随访中的密接者", "Contacts in follow-up")),
        (Noun::Sample, "", language.pick("样本", "Samples")),
        (Noun::Person, "", language.pick("人员", "People")),
        (Noun::Household, "", language.pick("住户", "Households")),
        (Noun::Duplicate, "", language.pick("疑似重复", "Suspected duplicates")),
    ];
    let mut rows = String::new();
    for (noun, status, title) in kinds {
        let Some(view) = view(noun) else { continue };
        let filters = if status.is_empty() { Vec::new() } else { vec![("status".to_owned(), status.to_owned())] };
        let found = match app.store.count(&caller.rights, view, &Ask { filters, ..Ask::default() }).await {
            Ok(found) if found > COUNTED => language.pick("超过 10,000", "more than 10,000").to_owned(),
            Ok(found) => found.to_string(),
            Err(QueryError::Denied(_)) => continue,
            Err(error) => return Err(error.into()),
        };
        rows.push_str(&format!("<tr><th scope=\"row\">{title}</th><td class=\"number\">{found}</td></tr>"));
    }
    let title = language.pick("您可以查看的记录", "Records you may see");
    Ok(if rows.is_empty() {
        String::new()
    } else {
        format!("<section><h2>{title}</h2><table><tbody>{rows}</tbody></table></section>\n")
    })
}

/// Outbreaks hold nothing about one person; they are asked for as every list is.
async fn outbreaks(app: &App, caller: &Caller) -> Result<Vec<Record>, Problem> {
    let Some(view) = view(Noun::Outbreak) else { return Ok(Vec::new()) };
    match app.store.list(&caller.rights, view, &Ask::default()).await {
        Ok(found) => Ok(app.log.release(found.in_session(caller.session_id())).await?.records),
        Err(QueryError::Denied(_)) => Ok(Vec::new()),
        Err(error) => Err(error.into()),
    }
}

fn outbreak_row(outbreak: &Record) -> String {
    let field = |name: &str| match outbreak.fields.get(name) {
        Some(serde_json::Value::String(text)) => escape(text),
        Some(value) => escape(&value.to_string()),
        None => String::new(),
    };
    let pack = format!("{} {}", field("pack_id"), field("pack_version"));
    format!("<tr><td>{}</td><td>{}</td><td>{pack}</td></tr>", field("name"), field("disease"))
}

/// Requests to copy, of those that this reader may make.
fn to_try(app: &App, caller: &Caller, language: Language, headers: &HeaderMap) -> String {
    let scheme = if app.config.is_secure() { "https" } else { "http" };
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    let base = escape(&format!("{scheme}://{host}"));
    let may = |action| access::may_ask(&caller.rights, action).allowed;
    let lists = [
        (Action::CaseList, "cases?limit=5", language.pick("我能看到的病例", "Cases I may see")),
        (Action::ContactList, "contacts?status=followed", language.pick("随访中的密接者", "Contacts in follow-up")),
        (Action::SampleList, "samples?limit=5", language.pick("我能看到的样本", "Samples I may see")),
        (Action::AccountList, "accounts", language.pick("我管理的账户", "Accounts that I look after")),
        (Action::AccessLogList, "reads?limit=5", language.pick("谁查阅了什么", "Who read what")),
    ];
    let lists: String = lists
        .into_iter()
        .filter(|(action, ..)| may(*action))
        .map(|(_, path, said)| format!("# {said}\ncurl -b jar '{base}/api/v1/{path}'\n"))
        .collect();
    let [sign_in, who, listen, document] = language.pick(
        ["登录并保存会话", "我是谁，能做什么", "实时更新", "接口说明"],
        ["Sign in and keep the session", "Who am I, what may I do", "Live updates", "The API's description"],
    );
    // The whole can be scrolled by keyboard as well.
    format!(
        "<pre tabindex=\"0\"># {sign_in}\ncurl -c jar -H 'X-Firebreak: 1' -H 'Content-Type: application/json' \\\n  \
         -d '{{\"login\":\"…\",\"password\":\"…\"}}' {base}/api/v1/session\n\
         # {who}\ncurl -b jar {base}/api/v1/session\n{lists}\
         # {listen}\ncurl -b jar -N {base}/api/v1/feed\n\
         # {document}\ncurl {base}/api/v1/openapi.json</pre>"
    )
}

#[derive(Deserialize)]
struct SignInForm {
    login: String,
    password: String,
    #[serde(default)]
    code: Option<String>,
}

async fn sign_in(State(app): State<App>, Visitor(before): Visitor, request: Request) -> Result<Response, Problem> {
    let (uri, language) = (request.uri().clone(), spoken(&app, request.uri(), request.headers()));
    let from = caller::peer(request.extensions());
    let filled: SignInForm = form(&app, request).await?;
    let proof = Proof { login: filled.login, password: filled.password, code: filled.code };
    match signing::sign_in(&app, from, proof, before.as_ref()).await {
        Ok(text) => Ok(see(&uri, Some(caller::cookie(&text, app.config.is_secure())))),
        Err(problem) => Ok(sign_in_page(&app, language, Some(&problem))),
    }
}

async fn sign_out(State(app): State<App>, Visitor(visitor): Visitor, uri: Uri) -> Result<Response, Problem> {
    if let Some(session) = visitor.as_ref().and_then(|caller| caller.session.as_ref()) {
        app.store.revoke_session(session.account, session.id, app.store.now()).await?;
    }
    Ok(see(&uri, Some(caller::no_cookie(app.config.is_secure()))))
}

/// What a sign-in link shows: one button. A scanner of mail or a preview of a chat looks at links too, and would use up one
/// that signs in by being looked at. The page is the same whether the link works or not.
async fn sign_in_link_page(State(app): State<App>, uri: Uri, headers: HeaderMap) -> Response {
    let language = spoken(&app, &uri, &headers);
    let [title, once, submit] = language.pick(
        ["登录演练", "该链接只能使用一次：按下按钮即登录，并结束本浏览器中已有的登录。", "登录"],
        [
            "Sign in to the exercise",
            "This link works once: the button signs you in, and ends whatever session this browser has.",
            "Sign in",
        ],
    );
    let main = format!(
        "<p>{once}</p>\n<form method=\"post\" action=\"{}?lang={}\"><button type=\"submit\">{submit}</button></form>\n",
        escape(uri.path()),
        language.tag(),
    );
    html::page(StatusCode::OK, language, uri.path(), title, app.store.is_exercise(), &main)
}

/// Signs in by a link that works once; only in a database marked *exercise* that is served as one.
#[utoipa::path(post, path = "/sign-in/{token}", tag = "session", security(()), params(("token" = String, Path, description = "The last part of the link")), responses(
    (status = 303, description = "Signed in; the cookie carries the session"),
    (status = 401, description = "The link was used, has expired or never was", body = ProblemBody),
))]
async fn sign_in_by_link(
    State(app): State<App>,
    Visitor(before): Visitor,
    Path(token): Path<String>,
    uri: Uri,
    extensions: axum::http::Extensions,
) -> Result<Response, Problem> {
    crate::guard::within_rate(&app, crate::rate::Asker::SignIn(caller::peer(&extensions)))?;
    let spent = || Problem::new(StatusCode::UNAUTHORIZED, "link_spent");
    if !app.config.exercise {
        return Err(spent());
    }
    let secret = caller::secret_of(&token).ok_or_else(spent)?;
    let account = app.store.use_link(&secret, LinkPurpose::SignIn, app.store.now()).await?.ok_or_else(spent)?;
    let text = signing::begin(&app, account, false, before.as_ref()).await?;
    Ok(see(&uri, Some(caller::cookie(&text, app.config.is_secure()))))
}

async fn password_page(State(app): State<App>, uri: Uri, headers: HeaderMap) -> Response {
    let language = spoken(&app, &uri, &headers);
    password_form(&app, language, uri.path(), StatusCode::OK, None)
}

fn password_form(app: &App, language: Language, here: &str, status: StatusCode, told: Option<&str>) -> Response {
    let told =
        told.map(|why| format!("<p class=\"refused\" role=\"alert\">{}</p>\n", escape(why))).unwrap_or_default();
    let [label, submit, title] = language.pick(
        ["新密码（12 至 200 个字符）", "设置密码", "设置密码"],
        ["New password (12 to 200 characters)", "Set password", "Set a password"],
    );
    let main = format!(
        "{told}<form method=\"post\" action=\"{}?lang={}\"><label for=\"new_password\">{label}</label>\
         <input id=\"new_password\" name=\"new_password\" type=\"password\" autocomplete=\"new-password\" required minlength=\"12\" maxlength=\"200\">\
         <button type=\"submit\">{submit}</button></form>\n",
        escape(here),
        language.tag(),
    );
    html::page(status, language, here, title, app.store.is_exercise(), &main)
}

#[derive(Deserialize)]
struct PasswordForm {
    new_password: String,
}

async fn set_password(
    State(app): State<App>,
    Path(link): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let (uri, language) = (request.uri().clone(), spoken(&app, request.uri(), request.headers()));
    let from = caller::peer(request.extensions());
    let filled: PasswordForm = form(&app, request).await?;
    match signing::set_password_by_link(&app, from, &link, filled.new_password).await {
        Ok(()) => Ok(see(&uri, None)),
        Err(problem) => {
            let words = texts::words(&problem.rule, language);
            let why = format!("{} {}", words.reason, words.remedy);
            Ok(password_form(&app, language, uri.path(), problem.status, Some(&why)))
        }
    }
}
