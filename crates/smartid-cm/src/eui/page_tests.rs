use proptest::prelude::*;

use super::page::{text, third_strings, values};

fn of(page: &str) -> Vec<String> {
    values(page, "response")
}

#[test]
fn an_element_is_known_by_its_name_or_id() {
    for page in [
        "<input name=response value=A>",
        "<INPUT VALUE='A' NAME='RESPONSE'>",
        "<input\n\tid = \"responseData\"\r\n value = \"A\" />",
        "<input name=x id=response value=A>",
        "<input name='&#114;esponse' value='&#65;'>",
        "<p>a < b</p><input name=response value=A>",
        "<!DOCTYPE html><?x > <!x><!----><!-->x<!--->y<!-- - -- --!><input name=response value=A>",
        "<input name=response value=A value=B>",
        "<input =name=x title='<input name=response value=B>' name=response value=A>",
        "<input title='name=response value=B' name=response value=A>",
        "<textarea id=response>A</textarea>",
        "<span id=response>A</span>",
        "<title><input name=response value=B></title><input name=response value=A>",
        "<script>\"<input name=response value=B>\"</script ><input name=response value=A>",
        "<style>/*</styles><input name=response value=B>*/</style><input name=response value=A>",
        "</p title='<input name=response value=B>'><input name=response value=A>",
        "<input name=response><input name=response value=''><input name=response value=A>",
    ] {
        assert_eq!(of(page), ["A"], "{page}");
    }
    assert_eq!(
        of("<input name=response value=A><br id=response2 value=B>"),
        ["A", "B"]
    );
}

#[test]
fn what_a_browser_takes_for_no_element_is_none() {
    for page in [
        "",
        "<",
        "<input",
        "<input name=response",
        "<input name=response value=A",
        "<input name=response value='A>",
        "<input name=response value=\"A",
        "<input name=response value=",
        "<!-- <input name=response value=A> -->",
        "<!-- -- > --><!-- <input name=response value=A>",
        "<!--\n--!\n<input name=response value=A>",
        "<! <input name=response value=A",
        "<script><input name=response value=A></script>",
        "<script><input name=response value=A>",
        "<textarea><input name=response value=A></textarea>",
        "<textarea name=response>A",
        "<plaintext><input name=response value=A>",
        "< input name=response value=A>",
        "&lt;input name=response value=A&gt;",
        "<input name=myresponse value=A><input title=response value=A><input name=respons value=A>",
        "<p>The \"response\" is \"A\"</p>",
        "</input name=response value=A>",
    ] {
        assert_eq!(of(page), [""; 0], "{page}");
    }
}

#[test]
fn the_rule_of_the_scripts_is_the_third_string_of_a_line() {
    let of = |page| third_strings(page, "response");
    assert_eq!(
        of("x = [\"response\", \"x509\", \"A\"];\n\"a\" \"responseB\" \"B\""),
        ["A", "B"]
    );
    for page in [
        "\"response\" \"x509\" \"A",
        "\"response\" \"A\"",
        "\"x\" \"myresponse\" \"A\"",
        "\"response\"\n\"x\" \"A\"",
        "<!-- \"response\" \"x\" \"A\" -->",
        "<!-- \"response\" \"x\" \"A\"",
        "'response' 'x' 'A'",
    ] {
        assert_eq!(of(page), [""; 0], "{page}");
    }
}

#[test]
fn a_page_is_shown_without_its_scripts() {
    let page = "<title>Error</title>\n<script>var canary;</script >before<p>Not&nbsp;allowed:\n\u{7} a&lt;b</p> now<!-- no -->.";
    assert_eq!(text(page, 100), "Error before Not allowed: a<b now .");
    assert_eq!(text(page, 9), "Error bef");
    assert_eq!(text("", 9), "");
}

#[test]
fn a_hostile_page_costs_one_pass() {
    let much = |unit: &str| unit.repeat(256 * 1024 / unit.len());
    for unit in [
        "<",
        "<!--",
        "-",
        "<a ",
        "<a b=\"",
        "=",
        "<div>",
        "</",
        "<script>",
        "</script>",
        "&",
        "&#",
        "\"",
        "<input name=response value=x>",
        "<!---",
        "<textarea>",
        "\"response\"",
    ] {
        for page in [
            much(unit),
            format!("<!--{}", much(unit)),
            format!("<script>{}", much(unit)),
        ] {
            let found = of(&page).len() + third_strings(&page, "response").len();
            assert!(found <= page.len() / 4, "{unit}");
            assert!(text(&page, 100).chars().count() <= 100, "{unit}");
        }
    }
}

proptest! {
    #[test]
    fn any_text_is_looked_through(page in "(<|>|/|!|-|=|\"|'|&|#|;| |\\n|a|name|id|value|response|script|textarea|\\PC){0,60}") {
        for value in of(&page).into_iter().chain(third_strings(&page, "response")) {
            prop_assert!(value.len() <= page.len());
        }
        let _ = text(&page, 10);
    }

    #[test]
    fn nothing_is_found_in_a_comment(inside in "(<|>|=|\"|'| |\\n|a|name|id|value|response|<input name=response value=A>|<script>){0,40}") {
        prop_assume!(!inside.starts_with('>'));
        let page = format!("<!--{inside}--><input name=response value=B>");
        prop_assert_eq!(of(&page), ["B"]);
        prop_assert_eq!(of(&format!("<!--{inside}-->")), [""; 0]);
        prop_assert_eq!(third_strings(&format!("<!--{inside}-->"), "response"), [""; 0]);
    }

    #[test]
    fn nothing_is_found_in_a_script(inside in "(<|>|=|\"|'| |\\n|a|name|id|value|response|<input name=response value=A>|<!--|-->){0,40}") {
        let page = format!("<script>{inside}</script><input name=response value=B>");
        prop_assert_eq!(of(&page), ["B"]);
    }

    #[test]
    fn a_value_comes_through_either_quotes(value in "[^\"'&\\x00]{1,40}") {
        prop_assume!(!value.trim().is_empty());
        for quote in ['"', '\''] {
            let page = format!("<input type={quote}hidden{quote} name={quote}response{quote} value={quote}{value}{quote}>");
            prop_assert_eq!(of(&page), [value.as_str()]);
        }
    }
}
