//! The pages: plain HTML that works without scripts, with everything in it.

use smartid::flows::personal_login::{LoggedIn, Showing};

use super::visit::Attempt;

/// Text for HTML, also inside of a quoted attribute.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

const STYLE: &str = "
:root{color-scheme:light dark}
*{box-sizing:border-box}
body{margin:0;background:#eef1f5;color:#1c2430;font:1.05rem/1.5 system-ui,sans-serif}
main{max-width:34rem;margin:6vh auto;padding:2rem 2.25rem;background:#fff;border-radius:.75rem;box-shadow:0 1px 3px #0003}
h1{margin:0 0 1rem;font-size:1.5rem;line-height:1.25}
fieldset{margin:0 0 1.25rem;padding:0;border:0}
legend,.label{display:block;margin-bottom:.35rem;font-weight:600}
.choice{display:block;padding:.6rem .75rem;margin-bottom:.4rem;border:1px solid #b9c2cf;border-radius:.5rem}
.choice input{margin:0 .6rem 0 0}
.choice .hint{display:block;margin:.1rem 0 0 1.65rem}
.hint{margin:.35rem 0 0;color:#4b5769;font-size:.92rem}
input[type=text]{width:100%;padding:.55rem .7rem;font:inherit;color:inherit;background:transparent;border:1px solid #8a95a5;border-radius:.5rem}
button,.button{display:inline-block;padding:.6rem 1.2rem;font:inherit;font-weight:600;color:#fff;background:#174ea6;border:0;border-radius:.5rem;text-decoration:none;cursor:pointer}
button.second{color:#174ea6;background:transparent;border:1px solid #174ea6}
:focus-visible{outline:3px solid #e8a100;outline-offset:2px}
.pictures{display:flex;flex-wrap:wrap;gap:1.5rem;align-items:flex-start;margin:1.25rem 0}
figure{margin:0}
figcaption{margin-top:.4rem;font-size:.92rem;color:#4b5769}
.pictures img{display:block;width:10rem;height:10rem;image-rendering:pixelated;border:1px solid #b9c2cf;border-radius:.5rem}
.qr svg{display:block;width:13rem;height:13rem;margin:-1rem;background:#fff}
.qr figcaption{margin-top:1.4rem}
.message{padding:.75rem 1rem;margin:0 0 1.25rem;border-left:.3rem solid #b3261e;background:#fbeceb;color:#5c130e}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.35rem 1.25rem;margin:0 0 1.5rem}
dt{font-weight:600}dd{margin:0;overflow-wrap:anywhere}
@media (prefers-color-scheme:dark){body{background:#12161c;color:#e6eaf0}main{background:#1d232c}.hint,figcaption{color:#aab4c2}
.choice,.pictures img{border-color:#465163}button,.button{background:#8ab4f8;color:#10151c}button.second{color:#8ab4f8;border-color:#8ab4f8}
.message{background:#3a1c1a;color:#f6cfcb}}
";

/// A whole page; the nonce lets its own style and script through, and nothing else.
fn page(title: &str, nonce: &str, head: &str, body: &str) -> String {
    let title = escaped(title);
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{title}</title><link rel=\"icon\" href=\"data:,\"><style nonce=\"{nonce}\">{STYLE}</style>{head}</head>\
         <body><main>\n<h1>{title}</h1>\n{body}\n</main></body></html>\n"
    )
}

fn hidden(token: &str) -> String {
    format!(
        "<input type=\"hidden\" name=\"token\" value=\"{}\">",
        escaped(token)
    )
}

/// A method as the page offers it.
pub(super) struct Offered<'a> {
    pub(super) name: &'a str,
    pub(super) hint: &'static str,
}

/// Choose a method.
pub(super) fn choose(nonce: &str, token: &str, methods: &[Offered<'_>], message: Option<&str>) -> String {
    let message = message
        .map(|text| format!("<p class=\"message\" role=\"alert\">{}</p>", escaped(text)))
        .unwrap_or_default();
    let choices: String = methods
        .iter()
        .enumerate()
        .map(|(index, offered)| {
            let checked = if index == 0 { " checked" } else { "" };
            format!(
                "<label class=\"choice\"><input type=\"radio\" name=\"method\" value=\"{index}\"{checked}>{}<span class=\"hint\">{}</span></label>\n",
                escaped(offered.name),
                offered.hint
            )
        })
        .collect();
    let body = format!(
        "{message}<form method=\"post\" action=\"/login\">{}\n<fieldset><legend>How do you want to log in?</legend>\n{choices}</fieldset>\n\
         <p><label class=\"label\" for=\"user\">User name</label><input type=\"text\" id=\"user\" name=\"user\" autocomplete=\"username\" \
         autocapitalize=\"none\" spellcheck=\"false\" maxlength=\"200\" aria-describedby=\"about\"></p>\n\
         <p class=\"hint\" id=\"about\">Leave it empty to scan a QR code, or where your certificate names you.</p>\n\
         <p><button>Log in</button></p></form>",
        hidden(token)
    );
    page("Log in to Example Bank", nonce, "", &body)
}

/// Asks again and again how it stands; without scripts the page loads itself anew.
const FOLLOW: &str = "
const left=document.getElementById('left');
async function look(){
  try{
    const answer=await fetch('/state',{cache:'no-store'});
    const state=await answer.json();
    if(state.state!=='waiting'){location.replace('/wait');return}
    left.textContent=Math.floor(state.left/60)+':'+String(state.left%60).padStart(2,'0')+' left';
  }catch(_){}
  setTimeout(look,700);
}
look();
const open=document.getElementById('open');
if(open&&open.dataset.after){setTimeout(()=>{location.href=open.href},open.dataset.after*1000)}
";

/// Compare, and answer in the app.
pub(super) fn wait(nonce: &str, token: &str, method: &str, attempt: &Attempt, left: u64) -> String {
    let picture = "<figure><img src=\"/picture\" width=\"160\" height=\"160\" alt=\"A pattern of coloured tiles, which the app shows too\">\
                   <figcaption>Your picture</figcaption></figure>";
    let (what, beside) = match &attempt.showing {
        Showing::Mailbox => (
            "Open the app on your phone. It shows the same picture: compare, accept, and enter your PIN."
                .to_owned(),
            String::new(),
        ),
        Showing::Qr(link) => {
            let svg = link.qr().map(|code| code.expose_svg()).unwrap_or_default();
            (
                "Scan the code with the app on your phone. It shows the same picture: compare, accept, and enter your PIN."
                    .to_owned(),
                format!("<figure class=\"qr\">{svg}<figcaption>To scan with the app</figcaption></figure>"),
            )
        }
        Showing::SameDevice { link, after, text } => (
            format!(
                "{} The app shows the same picture: compare, accept, and enter your PIN.",
                escaped(text)
            ),
            format!(
                "<p><a class=\"button\" id=\"open\" data-after=\"{}\" href=\"{}\">Open the app now</a></p>",
                after.as_secs(),
                escaped(link.expose())
            ),
        ),
        Showing::Desktop(link) => (
            "Open the app on this computer. It shows the same picture: compare, accept, and enter your PIN."
                .to_owned(),
            format!(
                "<p><a class=\"button\" id=\"open\" href=\"{}\">Open Personal Desktop</a></p>",
                escaped(link.expose())
            ),
        ),
        _ => (String::new(), String::new()),
    };
    let body = format!(
        "<p>{what}</p>\n<div class=\"pictures\">{picture}{beside}</div>\n\
         <p role=\"status\">Waiting for the app, <span id=\"left\">{}:{:02} left</span>.</p>\n\
         <p class=\"hint\">Another picture in the app? Then decline there: somebody else is trying to log in as you.</p>\n\
         <form method=\"post\" action=\"/cancel\">{}<p><button class=\"second\">Cancel</button></p></form>\n\
         <script nonce=\"{nonce}\">{FOLLOW}</script>",
        left / 60,
        left % 60,
        hidden(token)
    );
    let reload = "<noscript><meta http-equiv=\"refresh\" content=\"3\"></noscript>";
    page(method, nonce, reload, &body)
}

/// Who is logged in.
pub(super) fn welcome(nonce: &str, token: &str, user: &LoggedIn) -> String {
    let row = |name: &str, value: &str| format!("<dt>{name}</dt><dd>{}</dd>", escaped(value));
    let mut facts =
        row("User", &user.user) + &row("Method", &user.method) + &row("Proven by", user.how.as_str());
    if let Some(certificate) = &user.certificate {
        facts += &row("Certificate", &certificate.subject);
        facts += &row("Issuer", &certificate.issuer);
    }
    for remark in &user.remarks {
        facts += &row("Note", remark);
    }
    let body = format!(
        "<p>You are logged in as <strong>{}</strong>.</p>\n<dl>{facts}</dl>\n\
         <form method=\"post\" action=\"/logout\">{}<p><button class=\"second\">Log out</button></p></form>",
        escaped(&user.user),
        hidden(token)
    );
    page("Welcome", nonce, "", &body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_from_outside_becomes_markup() {
        let hostile = "<script>alert('x')</script>\"&";
        let offered = [Offered {
            name: hostile,
            hint: "",
        }];
        let html = choose("n", hostile, &offered, Some(hostile));
        assert!(!html.contains("<script>"), "{html}");
        assert_eq!(html.matches("&lt;script&gt;").count(), 3);
        assert!(html.contains("&quot;&amp;"));
    }
}
