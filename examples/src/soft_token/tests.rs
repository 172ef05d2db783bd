use std::path::{Path, PathBuf};

use clap::Parser;
use smartid::cm::CmDialect;
use smartid::soft_token::{Attribute, AttributeHeaders, NonAscii, Way};
use smartid_sim::SimConfig;

use super::*;
use crate::office::Preparation as _;
use crate::terminal::{Style, Terminal};

#[derive(Debug, Parser)]
struct Options {
    #[command(flatten)]
    way: WayOptions,
    #[command(flatten)]
    password: PasswordOptions,
}

fn options(words: &[&str]) -> Options {
    Options::try_parse_from([&["test"], words].concat()).unwrap()
}

fn prepared(words: &[&str]) -> PreparedWay {
    options(words).way.prepare().unwrap()
}

#[track_caller]
fn refused(words: &[&str]) -> String {
    options(words).way.prepare().unwrap_err().to_string()
}

fn headers(way: &PreparedWay) -> &AttributeHeaders {
    match &way.way {
        Way::Ast { headers, .. } => headers,
        other => panic!("{other:?}"),
    }
}

/// A file that is gone with the test.
struct File(PathBuf);

impl File {
    fn new(name: &str, text: &str) -> Self {
        let path = std::env::temp_dir().join(format!("smartid-soft-token-{}-{name}", std::process::id()));
        std::fs::write(&path, text).unwrap();
        Self(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _gone = std::fs::remove_file(&self.0);
    }
}

#[test]
fn an_option_of_the_other_way_is_refused_by_its_name() {
    for words in [
        &["--handler", "staff"][..],
        &["--properties", "ast.properties"],
        &["--header", "title=x-title"],
        &["--non-ascii", "utf-8"],
        &["--gateway-url", "https://pgwy.example.com/pgwy"],
    ] {
        let said = refused(words);
        assert!(said.contains(words[0]) && said.contains("--via ast"), "{said}");
    }
    let said = refused(&["--via", "ast", "--procedure", "Soft token"]);
    assert!(
        said.contains("--procedure") && said.contains("--via rest"),
        "{said}"
    );
    let way = prepared(&["--procedure", "Soft token"]);
    assert!(matches!(&way.way, Way::Rest { procedure: Some(name) } if name.as_str() == "Soft token"));
    assert_eq!(way.somebody().len(), 2);
}

#[test]
fn a_pair_is_an_attribute_and_all_that_is_behind_the_first_equals_sign() {
    let (attribute, value) = pair("commonname=Alice = Bob").unwrap();
    assert_eq!(
        (attribute, value.as_str()),
        (Attribute::COMMON_NAME, "Alice = Bob")
    );
    assert_eq!(pair("commonname=").unwrap().1, "");
    for wrong in ["commonname", "=canary", "a b=canary"] {
        assert!(!pair(wrong).unwrap_err().contains("canary"), "{wrong}");
    }
}

#[test]
fn one_handler_of_ast_properties_is_found_and_of_several_one_is_named() {
    let one = File::new(
        "one",
        "start = true\nhandler.3.formatFields.4 = ast.valuetarget.countryname.value =\n\
         handler.3.formatFields.5 = ast.valuetarget.title.value = x-old\n\
         handler.3.formatFields.5 = ast.valuetarget.localityname.value = myheader\n",
    );
    let way = prepared(&["--via", "ast", "--properties", one.path()]);
    assert!(headers(&way).is_off(&Attribute::COUNTRY_NAME));
    assert_eq!(
        headers(&way).header(&Attribute::LOCALITY_NAME).unwrap(),
        "myheader"
    );
    assert_eq!(
        way.told.as_deref(),
        Some("ast.properties, handler 3: localityname from myheader; these lines do not count: 3")
    );
    assert!(way.somebody().is_empty(), "nothing that somebody is has a header");

    let several = File::new(
        "several",
        "handler.1.formatFields.5 = ast.valuetarget.localityname.value = one\n\
         handler.2.formatFields.5 = ast.valuetarget.localityname.value = two\n",
    );
    let named = [
        "--via",
        "ast",
        "--properties",
        several.path(),
        "--properties-handler",
        "2",
    ];
    assert_eq!(
        headers(&prepared(&named))
            .header(&Attribute::LOCALITY_NAME)
            .unwrap(),
        "two"
    );
    assert!(refused(&named[..4]).contains("--properties-handler: is missing"));
    let other = [&named[..5], &["7"]].concat();
    assert!(
        refused(&other).contains("7 has no line in"),
        "{}",
        refused(&other)
    );

    let none = File::new("none", "start = true\n");
    let way = prepared(&["--via", "ast", "--properties", none.path()]);
    assert_eq!(*headers(&way), AttributeHeaders::new());
    let bad = File::new(
        "bad",
        "\nhandler.0.formatFields.1 = ast.valuetarget.title.value = Cookie\n",
    );
    let said = refused(&["--via", "ast", "--properties", bad.path()]);
    assert!(said.contains("line 2") && said.contains("cookie"), "{said}");
    assert!(refused(&["--via", "ast", "--properties", "/does/not/exist"]).contains("--properties"));
}

#[test]
fn headers_on_the_command_line_win_over_the_file_and_the_simulator_is_told_of_both() {
    let file = File::new(
        "both",
        "handler.2.formatFields.5 = ast.valuetarget.localityname.value = myheader\n",
    );
    let way = prepared(&[
        "--via",
        "ast",
        "--properties",
        file.path(),
        "--header",
        "localityname=other",
        "--header",
        "countryname=",
        "--header",
        "commonname=x-name",
        "--handler",
        "staff",
        "--non-ascii",
        "percent",
    ]);
    assert_eq!(headers(&way).header(&Attribute::LOCALITY_NAME).unwrap(), "other");
    assert!(headers(&way).is_off(&Attribute::COUNTRY_NAME));
    assert_eq!(
        way.somebody(),
        [(Attribute::COMMON_NAME, "Alice Example".to_owned())]
    );

    let mut config = SimConfig::default();
    way.simulator(&mut config);
    let ast = &config.cm.ast;
    assert_eq!(ast.properties_file, file.path());
    assert!(
        ast.properties
            .contains("handler.2.formatFields.1000000 = ast.valuetarget.localityname.value = other\n")
    );
    assert!(
        ast.properties
            .contains("= ast.valuetarget.countryname.value = \n")
    );
    let handler = ast
        .handlers
        .iter()
        .find(|handler| handler.name == "staff")
        .unwrap();
    assert_eq!(
        (handler.number.as_str(), handler.procedure.as_str()),
        ("2", "Soft token")
    );
    let mut dialect = CmDialect::default();
    way.dialect(&mut dialect);
    assert_eq!(dialect.ast.non_ascii, NonAscii::Percent);

    for wrong in ["title=Cookie", "title=my header"] {
        assert!(
            refused(&["--via", "ast", "--header", wrong]).contains("--header"),
            "{wrong}"
        );
    }
}

/// What a test has is no terminal.
fn bring(words: &[&str], may_be_lost: bool, container: Option<&Path>) -> Result<TokenPassword, String> {
    let terminal = Terminal::new(Style::Json);
    let password = options(words).password.bring(&terminal, may_be_lost, container);
    password.map_err(|error| error.to_string())
}

#[test]
fn a_made_password_has_somewhere_to_go_and_is_taken_away_unless_a_token_came() {
    let made = bring(&[], true, None).unwrap();
    assert!(
        made.is_made && made.secret.expose().len() == 20 && made.told.contains("116 bits"),
        "{}",
        made.told
    );
    assert!(
        bring(&[], false, None)
            .unwrap_err()
            .contains("--password-out: is missing")
    );
    assert!(
        bring(&["--show-password"], true, None)
            .unwrap_err()
            .contains("no terminal")
    );
    assert!(
        bring(&["--length", "3"], true, None)
            .unwrap_err()
            .contains("--length")
    );

    let file = File::new("password", "");
    let out = ["--password-out", file.path()];
    assert!(
        bring(&out, false, Some(&file.0))
            .unwrap_err()
            .contains("file of the container")
    );
    assert!(
        bring(&out, false, None)
            .unwrap_err()
            .contains("is not written over")
    );
    std::fs::remove_file(&file.0).unwrap();
    let made = bring(&out, false, None).unwrap();
    let line = std::fs::read_to_string(&file.0).unwrap();
    assert_eq!(line, format!("{}\n", made.secret.expose()));
    assert!(!format!("{made:?}").contains(line.trim()));
    drop(made);
    assert!(!file.0.exists(), "no token has it");
    assert_eq!(
        bring(&out, false, None).unwrap().keep().as_deref(),
        Some(file.0.as_path())
    );
    assert!(file.0.exists());
}

#[test]
fn a_password_that_is_brought_is_the_first_line_of_its_file() {
    let file = File::new("brought", "canary 77\nsecond line\n");
    let brought = bring(&["--password-file", file.path()], false, None).unwrap();
    assert_eq!(brought.secret.expose(), "canary 77");
    assert!(!brought.is_made && !brought.told.contains("canary"));
    let unset = bring(&["--password-env", "SMARTID_TEST_NOT_SET"], false, None).unwrap_err();
    assert!(unset.contains("SMARTID_TEST_NOT_SET"), "{unset}");
    for words in [
        ["--password-file", "x", "--password-out", "y"],
        ["--password-env", "x", "--length", "9"],
    ] {
        assert!(
            Options::try_parse_from([&["test"][..], &words].concat()).is_err(),
            "{words:?}"
        );
    }
}
