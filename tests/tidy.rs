//! Holds the rules of the house that a compiler does not: floors, purity, lengths, names, the map.

use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::ops::RangeInclusive;
use std::path::Path;

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

/// Which module stands on which floor; one imports from strictly lower floors.
const FLOORS: [(&str, u8); 15] = [
    ("model", 0),
    ("analysis", 1),
    ("clock", 2),
    ("net", 2),
    ("config", 3),
    ("store", 3),
    ("ledger", 3),
    ("sources", 3),
    ("publish", 3),
    ("cycle", 4),
    ("cli", 5),
    ("daemon", 5),
    ("demo", 5),
    ("web", 5),
    ("sandbox", 5),
];

/// The one import on a level: the network waits by the clock.
const LEVEL_IMPORT: (&str, &str) = ("net", "clock");

/// What waits, talks, logs or looks at the world, and so has no place on the pure floors.
const IMPURE: [&[&str]; 17] = [
    &["std", "fs"],
    &["std", "net"],
    &["std", "env"],
    &["std", "io"],
    &["std", "process"],
    &["std", "thread"],
    &["std", "time", "Instant"],
    &["std", "time", "SystemTime"],
    &["tokio"],
    &["futures_util"],
    &["sled"],
    &["tracing"],
    &["reqwest"],
    &["megalodon"],
    &["axum"],
    &["println"],
    &["eprintln"],
];

/// Crates that one module keeps from the rest.
const KEEPERS: [(&str, &str); 4] =
    [("sled", "store"), ("megalodon", "publish"), ("reqwest", "net"), ("tokio_tungstenite", "net")];

const MEANINGLESS: [&str; 9] =
    ["util", "utils", "helper", "helpers", "common", "manager", "managers", "misc", "types"];

const LONGEST_FILE: usize = 400;
const LONGEST_FUNCTION: usize = 70;

#[test]
fn imports_go_down() {
    hold(imports_go_down_only);
}

#[test]
fn pure_floors_neither_wait_nor_look_at_the_world() {
    hold(pure_floors_are_pure);
}

#[test]
fn one_module_each_names_sled_megalodon_and_reqwest() {
    hold(crates_have_keepers);
}

#[test]
fn files_and_functions_are_short() {
    hold(files_are_short);
    hold(functions_are_short);
}

#[test]
fn every_file_says_what_it_is_for() {
    hold(files_open_with_a_sentence);
    hold(files_have_meaningful_names);
}

#[test]
fn tests_stay_in_test_modules_and_their_unwraps_with_them() {
    hold(only_test_modules_are_for_tests);
    hold(nothing_unwraps);
}

#[test]
fn lints_are_expected_with_a_reason_and_never_allowed() {
    hold(nothing_is_allowed);
}

#[test]
fn no_call_reads_true_true() {
    hold(bools_do_not_follow_bools);
}

#[test]
fn the_map_names_every_file_and_no_other() {
    let map = fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md can be read");
    let files: Vec<String> = sources().into_iter().map(|source| source.path).collect();
    report(map_faults(&map, &files));
}

#[test]
fn every_invariant_is_held_by_a_type_or_by_a_test_that_exists() {
    let map = fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md can be read");
    let everything: Vec<Source> = sources_in("src").into_iter().chain(sources_in("tests")).collect();
    report(invariant_faults(&map, &names_defined(&everything)));
}

/// A broken rule: where, which, and what to do.
#[derive(Debug, PartialEq)]
struct Fault {
    file: String,
    line: usize,
    rule: &'static str,
    advice: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}: {}", self.file, self.line, self.rule, self.advice)
    }
}

/// A file under src/, read, parsed and taken apart.
struct Source {
    /// From the root of the repository, `src/model/account.rs`.
    path: String,
    text: String,
    syntax: syn::File,
    tokens: Vec<Token>,
    inline_modules: Vec<InlineModule>,
}

/// A word or sign; `::` is one, a literal is `""`.
#[derive(Debug)]
struct Token {
    text: String,
    line: usize,
}

#[derive(Debug)]
struct InlineModule {
    name: String,
    lines: RangeInclusive<usize>,
}

/// A path as written, groups of a `use` taken apart.
#[derive(Debug, Clone)]
struct Named {
    segments: Vec<String>,
    line: usize,
}

impl Source {
    fn new(path: &str, text: &str) -> Source {
        let syntax = syn::parse_file(text).unwrap_or_else(|error| panic!("{path} does not parse: {error}"));
        let stream: TokenStream = text.parse().expect("what parses as a file has tokens");
        let mut tokens = Vec::new();
        flatten(stream, &mut tokens);
        let mut modules = Modules(Vec::new());
        modules.visit_file(&syntax);
        Source { path: path.into(), text: text.into(), syntax, tokens, inline_modules: modules.0 }
    }

    /// The module this file is, `["model", "account"]`; empty for main.rs and lib.rs.
    fn module(&self) -> Vec<&str> {
        let path = self.path.trim_start_matches("src/").trim_end_matches(".rs");
        path.split('/').filter(|name| !matches!(*name, "mod" | "lib" | "main")).collect()
    }

    /// The module at the top of the crate that this file belongs to; `None` for main.rs and lib.rs.
    fn house(&self) -> Option<&str> {
        self.module().first().copied()
    }

    fn in_tests(&self, line: usize) -> bool {
        self.inline_modules.iter().any(|module| module.name == "tests" && module.lines.contains(&line))
    }

    fn fault(&self, line: usize, rule: &'static str, advice: String) -> Fault {
        Fault { file: self.path.clone(), line, rule, advice }
    }

    fn named(&self) -> Vec<Named> {
        let mut found = Vec::new();
        let mut at = 0;
        while at < self.tokens.len() {
            at = match self.tokens[at].is_word() {
                true => self.read_path(at, Vec::new(), &mut found),
                false => at + 1,
            };
        }
        found
    }

    /// Reads one path, or all paths of a group, from token `at`; says where it ends.
    fn read_path(&self, mut at: usize, mut segments: Vec<String>, found: &mut Vec<Named>) -> usize {
        let line = self.tokens[at].line;
        match self.text_at(at) {
            "{" => {
                at += 1;
                while !matches!(self.text_at(at), "}" | "") {
                    at = match self.text_at(at) {
                        "as" => at + 2,
                        "{" | "*" => self.read_path(at, segments.clone(), found),
                        _ if self.tokens[at].is_word() => self.read_path(at, segments.clone(), found),
                        _ => at + 1,
                    };
                }
            }
            "*" => found.push(Named { segments, line }),
            word => {
                segments.push(word.to_owned());
                let goes_on = self.text_at(at + 1) == "::"
                    && self
                        .tokens
                        .get(at + 2)
                        .is_some_and(|next| next.is_word() || next.text == "{" || next.text == "*");
                if goes_on {
                    return self.read_path(at + 2, segments, found);
                }
                found.push(Named { segments, line });
            }
        }
        at + 1
    }

    fn text_at(&self, at: usize) -> &str {
        self.tokens.get(at).map_or("", |token| &token.text)
    }

    /// The module at the top of the crate that a path leads to; `None` if it leads out of it or stays inside.
    fn leads_to<'a>(&self, named: &'a Named) -> Option<&'a str> {
        let mut stack = self.module();
        let inline = self.inline_modules.iter().filter(|module| module.lines.contains(&named.line));
        stack.extend(inline.map(|module| module.name.as_str()));
        let (first, rest) = named.segments.split_first()?;
        match first.as_str() {
            "crate" => stack.clear(),
            "super" => drop(stack.pop()),
            "self" => {}
            _ => return None,
        }
        for segment in rest {
            match segment.as_str() {
                "super" => drop(stack.pop()),
                "self" => {}
                name => return stack.is_empty().then_some(name),
            }
        }
        None
    }
}

impl Token {
    fn is_word(&self) -> bool {
        self.text.starts_with(|c: char| c.is_alphabetic() || c == '_')
    }
}

fn flatten(stream: TokenStream, tokens: &mut Vec<Token>) {
    let mut after_colon = false;
    for tree in stream {
        let line = tree.span().start().line;
        let mut joint = false;
        match tree {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::None => ("", ""),
                };
                tokens.push(Token { text: open.into(), line });
                flatten(group.stream(), tokens);
                tokens.push(Token { text: close.into(), line: group.span_close().start().line });
            }
            TokenTree::Punct(punct) if after_colon && punct.as_char() == ':' => {
                tokens.last_mut().expect("a colon came before").text = "::".into();
            }
            TokenTree::Punct(punct) => {
                joint = punct.as_char() == ':' && punct.spacing() == Spacing::Joint;
                tokens.push(Token { text: punct.to_string(), line });
            }
            TokenTree::Ident(ident) => tokens.push(Token { text: ident.to_string(), line }),
            TokenTree::Literal(_) => tokens.push(Token { text: "\"\"".into(), line }),
        }
        after_colon = joint;
    }
}

struct Modules(Vec<InlineModule>);

impl<'ast> Visit<'ast> for Modules {
    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        if module.content.is_some() {
            let lines = module.span().start().line..=module.span().end().line;
            self.0.push(InlineModule { name: module.ident.to_string(), lines });
        }
        visit::visit_item_mod(self, module);
    }
}

fn floor(module: &str) -> Option<u8> {
    FLOORS.iter().find(|(name, _)| *name == module).map(|(_, floor)| *floor)
}

fn imports_go_down_only(source: &Source) -> Vec<Fault> {
    const RULE: &str = "imports go down only";
    let Some(house) = source.house() else { return vec![] };
    let Some(own) = floor(house) else {
        return vec![source.fault(1, RULE, format!("`{house}` stands on no floor; give it one in FLOORS"))];
    };
    let mut faults = Vec::new();
    for named in source.named() {
        let Some(other) = source.leads_to(&named).filter(|other| *other != house) else { continue };
        let advice = match floor(other) {
            Some(theirs) if theirs < own || (house, other) == LEVEL_IMPORT => continue,
            Some(theirs) => format!(
                "`{house}` (floor {own}) names `{other}` (floor {theirs}); move the thing down, or let a higher floor join the two"
            ),
            None => format!("`{other}` stands on no floor; import from the module that defines it"),
        };
        faults.push(source.fault(named.line, RULE, advice));
    }
    faults
}

fn pure_floors_are_pure(source: &Source) -> Vec<Fault> {
    const RULE: &str = "floors 0 and 1 are pure";
    if source.house().and_then(floor).is_none_or(|floor| floor > 1) {
        return vec![];
    }
    let waits = source.tokens.iter().filter(|token| token.text == "async");
    let waits = waits.map(|token| (token.line, "async".to_owned()));
    let named = source.named().into_iter();
    let looks = named.filter(|named| {
        let now = |pair: &[String]| matches!(pair[0].as_str(), "Utc" | "Local") && pair[1] == "now";
        IMPURE.iter().any(|impure| starts_with(&named.segments, impure)) || named.segments.windows(2).any(now)
    });
    let looks = looks.map(|named| (named.line, named.segments.join("::")));
    let outside = waits.chain(looks).filter(|(line, _)| !source.in_tests(*line));
    outside
        .map(|(line, what)| {
            source.fault(line, RULE, format!("`{what}` belongs higher up; take its result as an argument"))
        })
        .collect()
}

fn starts_with(segments: &[String], start: &[&str]) -> bool {
    segments.len() >= start.len() && segments.iter().zip(start).all(|(segment, word)| segment == word)
}

fn crates_have_keepers(source: &Source) -> Vec<Fault> {
    let Some(house) = source.house() else { return vec![] };
    let named = source.named().into_iter().filter(|named| !source.in_tests(named.line));
    let strays = named.filter_map(|named| {
        let (name, keeper) = KEEPERS.iter().find(|(name, _)| named.segments[0] == *name)?;
        let advice =
            format!("only `{keeper}` names `{name}`; add what is missing to `{keeper}` and call that");
        (house != *keeper).then(|| source.fault(named.line, "a crate is named in one place", advice))
    });
    strays.collect()
}

fn files_are_short(source: &Source) -> Vec<Fault> {
    let tests = source.inline_modules.iter().find(|module| module.name == "tests");
    let lines = tests.map_or(source.text.lines().count(), |tests| tests.lines.start() - 1);
    if lines <= LONGEST_FILE {
        return vec![];
    }
    let advice =
        format!("{lines} lines before the tests, at most {LONGEST_FILE}; split it by what it is for");
    vec![source.fault(LONGEST_FILE + 1, "files are short", advice)]
}

/// Every function of a file: its name, its parameters, and its lines.
struct Functions<'ast>(Vec<(&'ast syn::Signature, RangeInclusive<usize>)>);

impl<'ast> Functions<'ast> {
    fn of(source: &'ast Source) -> Functions<'ast> {
        let mut functions = Functions(Vec::new());
        functions.visit_file(&source.syntax);
        functions
    }

    fn add(&mut self, signature: &'ast syn::Signature, end: proc_macro2::Span) {
        self.0.push((signature, signature.span().start().line..=end.end().line));
    }
}

impl<'ast> Visit<'ast> for Functions<'ast> {
    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        self.add(&function.sig, function.block.span());
        visit::visit_item_fn(self, function);
    }
    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        self.add(&function.sig, function.block.span());
        visit::visit_impl_item_fn(self, function);
    }
    fn visit_trait_item_fn(&mut self, function: &'ast syn::TraitItemFn) {
        self.add(&function.sig, function.span());
        visit::visit_trait_item_fn(self, function);
    }
}

fn functions_are_short(source: &Source) -> Vec<Fault> {
    let functions = Functions::of(source).0.into_iter();
    // A test may hold a whole thread as it must come out.
    let functions = functions.filter(|(_, lines)| !source.in_tests(*lines.start()));
    let long = functions.filter_map(|(signature, lines)| {
        let count = lines.end() - lines.start() + 1;
        let advice = format!(
            "`{}` has {count} lines, at most {LONGEST_FUNCTION}; decide in one function, act in another",
            signature.ident
        );
        (count > LONGEST_FUNCTION).then(|| source.fault(*lines.start(), "functions are short", advice))
    });
    long.collect()
}

fn bools_do_not_follow_bools(source: &Source) -> Vec<Fault> {
    let is_bool = |argument: &syn::FnArg| match argument {
        syn::FnArg::Typed(typed) => matches!(&*typed.ty, syn::Type::Path(path) if path.path.is_ident("bool")),
        syn::FnArg::Receiver(_) => false,
    };
    let functions = Functions::of(source).0.into_iter();
    let doubtful = functions.filter(|(signature, _)| {
        let bools: Vec<bool> = signature.inputs.iter().map(is_bool).collect();
        bools.windows(2).any(|pair| pair == [true, true])
    });
    doubtful
        .map(|(signature, lines)| {
            let advice = format!("`{}` takes two in a row; make them an enum or a struct", signature.ident);
            source.fault(*lines.start(), "bools do not follow bools", advice)
        })
        .collect()
}

fn files_open_with_a_sentence(source: &Source) -> Vec<Fault> {
    let opening = source.text.lines().map_while(|line| line.strip_prefix("//! "));
    let ends = opening.last().is_some_and(|line| line.trim_end().ends_with(['.', '!', '?', ':']));
    let advice = "say in one `//!` sentence at the very top what the file is for".to_owned();
    let fault = || source.fault(1, "every file opens with a sentence", advice);
    if ends { vec![] } else { vec![fault()] }
}

fn files_have_meaningful_names(source: &Source) -> Vec<Fault> {
    let bad = source.module().into_iter().find(|name| MEANINGLESS.contains(name));
    let advice = |name| format!("`{name}` says nothing; name it after what it holds");
    bad.map(|name| source.fault(1, "names mean something", advice(name))).into_iter().collect()
}

fn only_test_modules_are_for_tests(source: &Source) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (at, token) in source.tokens.iter().enumerate() {
        let is_attribute = matches!(token.text.as_str(), "cfg" | "cfg_attr")
            && at > 0
            && matches!(source.text_at(at - 1), "[" | "!");
        if !is_attribute {
            continue;
        }
        let attribute = || source.tokens[at..].iter().take_while(|token| token.text != "]");
        let end = at + attribute().count();
        let is_module = source.text_at(end + 1) == "mod" && source.text_at(end + 2) == "tests";
        if attribute().any(|token| token.text == "test") && !is_module {
            let advice = "what only tests need goes into `mod tests`; product code has no test branches";
            faults.push(source.fault(token.line, "#[cfg(test)] only on `mod tests`", advice.into()));
        }
    }
    faults
}

fn nothing_unwraps(source: &Source) -> Vec<Fault> {
    let calls = source.tokens.windows(4).filter(|call| {
        let texts = [0, 1, 2, 3].map(|at| call[at].text.as_str());
        texts == [".", "unwrap", "(", ")"] && !source.in_tests(call[1].line)
    });
    let advice = "return the error, or use `expect` with the invariant that makes it impossible";
    calls.map(|call| source.fault(call[1].line, "nothing unwraps outside tests", advice.into())).collect()
}

fn nothing_is_allowed(source: &Source) -> Vec<Fault> {
    let attributes = source.tokens.windows(3).filter(|words| {
        matches!(words[0].text.as_str(), "[" | ",") && words[1].text == "allow" && words[2].text == "("
    });
    let advice = "write #[expect(…, reason = \"…\")], which tells when it is no longer needed";
    attributes.map(|words| source.fault(words[1].line, "#[expect], never #[allow]", advice.into())).collect()
}

/// A file stands on the map as "- `src/model/account.rs`: one sentence."
fn map_faults(map: &str, files: &[String]) -> Vec<Fault> {
    const RULE: &str = "the map names every file and no other";
    let fault = |line, advice| Fault { file: "ARCHITECTURE.md".into(), line, rule: RULE, advice };
    let mut faults = Vec::new();
    let mut mapped = Vec::new();
    for (number, line) in (1..).zip(map.lines()) {
        if let Some((file, sentence)) = line.strip_prefix("- `src/").and_then(|entry| entry.split_once("`: "))
        {
            let file = format!("src/{file}");
            if mapped.contains(&file) {
                faults.push(fault(number, format!("`{file}` stands here twice; keep one line")));
            }
            if !sentence.trim_end().ends_with('.') {
                faults.push(fault(number, format!("`{file}` has no sentence; say what it is for")));
            }
            mapped.push(file);
        }
        let paths = line.split('`').skip(1).step_by(2).filter(|name| name.starts_with("src/"));
        let gone = paths.filter(|name| name.ends_with(".rs") && !files.iter().any(|file| file == name));
        faults.extend(gone.map(|name| fault(number, format!("`{name}` does not exist; take it off"))));
    }
    let missing = files.iter().filter(|file| !mapped.contains(file));
    faults.extend(missing.map(|file| fault(1, format!("add a line \"- `{file}`: what it is for.\""))));
    faults
}

/// Names of functions and types, also of those that stand inside a macro.
fn names_defined(sources: &[Source]) -> BTreeSet<&str> {
    let is_definition = |word: &str| matches!(word, "fn" | "struct" | "enum");
    let pairs = sources.iter().flat_map(|source| source.tokens.windows(2));
    pairs.filter(|pair| is_definition(&pair[0].text)).map(|pair| pair[1].text.as_str()).collect()
}

/// An invariant is a numbered item of its section; after "Held by" it names types and tests.
fn invariant_faults(map: &str, defined: &BTreeSet<&str>) -> Vec<Fault> {
    const RULE: &str = "invariants are held";
    let fault = |line, advice| Fault { file: "ARCHITECTURE.md".into(), line, rule: RULE, advice };
    let section = (1..).zip(map.lines()).skip_while(|(_, line)| *line != "## Invariants").skip(1);
    let section: Vec<(usize, &str)> = section.take_while(|(_, line)| !line.starts_with("## ")).collect();
    let is_item = |line: &str| line.split_once(". ").is_some_and(|(number, _)| number.parse::<u32>().is_ok());
    let starts = (0..section.len()).filter(|at| is_item(section[*at].1)).collect::<Vec<_>>();
    if starts.is_empty() {
        return vec![fault(1, "write a numbered list under \"## Invariants\"".to_owned())];
    }
    let ends = starts.iter().skip(1).copied().chain([section.len()]);
    let mut faults = Vec::new();
    for (start, end) in starts.iter().copied().zip(ends) {
        let held =
            section[start..end].iter().skip_while(|(_, line)| !line.trim_start().starts_with("Held by "));
        let named = |(line, text): &(usize, &'_ str)| {
            let names = text.split('`').skip(1).step_by(2).map(str::to_owned);
            names.map(|name| (*line, name)).collect::<Vec<_>>()
        };
        let names: Vec<(usize, String)> = held.flat_map(named).collect();
        if names.is_empty() {
            faults
                .push(fault(section[start].0, "say which type or test holds it: Held by `name`".to_owned()));
        }
        let gone = names.into_iter().filter(|(_, name)| !defined.contains(name.as_str()));
        faults.extend(gone.map(|(line, name)| {
            fault(line, format!("`{name}` is neither a type nor a function of src/ or tests/"))
        }));
    }
    faults
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn sources() -> Vec<Source> {
    sources_in("src")
}

fn sources_in(folder: &str) -> Vec<Source> {
    let mut waiting = vec![root().join(folder)];
    let mut sources = Vec::new();
    while let Some(directory) = waiting.pop() {
        for entry in fs::read_dir(&directory).expect("a folder of sources can be listed") {
            let path = entry.expect("a folder of sources can be listed").path();
            if path.is_dir() {
                waiting.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(root()).expect("it was found below the root");
                let text = fs::read_to_string(&path).expect("a source can be read");
                sources.push(Source::new(&name.to_string_lossy().replace('\\', "/"), &text));
            }
        }
    }
    sources.sort_by(|one, other| one.path.cmp(&other.path));
    sources
}

fn hold(rule: fn(&Source) -> Vec<Fault>) {
    report(sources().iter().flat_map(rule).collect());
}

#[track_caller]
fn report(faults: Vec<Fault>) {
    let lines: Vec<String> = faults.iter().map(Fault::to_string).collect();
    assert!(lines.is_empty(), "{} faults\n{}", lines.len(), lines.join("\n"));
}

/// Every rule can fail: each is shown what it must refuse, and what it must let pass.
mod examples {
    use super::*;

    fn faults(rule: fn(&Source) -> Vec<Fault>, path: &str, text: &str) -> Vec<String> {
        rule(&Source::new(path, text)).iter().map(Fault::to_string).collect()
    }

    fn lines(rule: fn(&Source) -> Vec<Fault>, path: &str, text: &str) -> Vec<usize> {
        rule(&Source::new(path, text)).iter().map(|fault| fault.line).collect()
    }

    #[test]
    fn an_import_that_goes_up_or_sideways_is_found_however_it_is_written() {
        let text = "use crate::{model::account::Host, sources::{page, html}};\n\
            use super::store::Store;\n\
            fn f() { let x = crate::cycle::run(); }\n\
            fn g() { println!(\"{}\", crate::web::TITLE); }\n\
            mod tests { use super::super::daemon; use super::*; }";
        assert_eq!(lines(imports_go_down_only, "src/config/mod.rs", text), [1, 1, 2, 3, 4, 5]);
        assert_eq!(
            faults(imports_go_down_only, "src/config.rs", "use crate::store::Store;"),
            ["src/config.rs:1: imports go down only: `config` (floor 3) names `store` (floor 3); \
             move the thing down, or let a higher floor join the two"]
        );
        assert_eq!(lines(imports_go_down_only, "src/model/a.rs", "use crate::VERSION;"), [1]);
        assert_eq!(lines(imports_go_down_only, "src/attic.rs", ""), [1]);
    }

    #[test]
    fn an_import_that_goes_down_or_stays_at_home_passes() {
        let text = "use crate::model::account::{self, Host as Server};\nuse super::wire;\nuse super::super::page;\n\
            pub(crate) fn f() -> crate::net::Net { self::g::<crate::analysis::Text>() }";
        assert!(lines(imports_go_down_only, "src/sources/mastodon/poll.rs", text).is_empty());
        assert!(lines(imports_go_down_only, "src/net/pace.rs", "use crate::clock::Clock;").is_empty());
        assert_eq!(lines(imports_go_down_only, "src/clock.rs", "use crate::net::Net;"), [1]);
        assert!(lines(imports_go_down_only, "src/lib.rs", "pub mod a; use crate::web::Site;").is_empty());
    }

    #[test]
    fn the_pure_floors_may_not_wait_look_or_ask_the_time() {
        let text = "use std::{fmt, fs::File, io::Write};\nasync fn f() {}\nuse tokio::time;\n\
            fn g() { let now = Utc::now(); }\nfn h() { println!(\"{}\", std::env::args().count()); }\n\
            #[cfg(test)]\nmod tests { use std::fs; }";
        assert_eq!(lines(pure_floors_are_pure, "src/analysis/assess.rs", text), [2, 1, 1, 3, 4, 5, 5]);
        assert!(lines(pure_floors_are_pure, "src/net/client.rs", text).is_empty());
        assert!(lines(pure_floors_are_pure, "src/model/a.rs", "use std::fmt::{self, Write};").is_empty());
    }

    #[test]
    fn a_crate_is_not_named_away_from_its_keeper() {
        let text = "use sled::Tree;\nfn f() -> Result<(), reqwest::Error> { Ok(()) }\nuse megalodon as m;";
        assert_eq!(lines(crates_have_keepers, "src/cycle/collect.rs", text), [1, 2, 3]);
        assert_eq!(lines(crates_have_keepers, "src/store/tree.rs", text), [2, 3]);
    }

    #[test]
    fn a_long_file_is_found_and_its_tests_do_not_count() {
        let body = "const A: u8 = 0;\n".repeat(LONGEST_FILE);
        assert!(lines(files_are_short, "src/a.rs", &format!("{body}mod tests {{\n{body}}}")).is_empty());
        assert_eq!(
            lines(files_are_short, "src/a.rs", &format!("{body}const B: u8 = 0;")),
            [LONGEST_FILE + 1]
        );
    }

    #[test]
    fn a_long_function_is_found_wherever_it_stands() {
        let long = format!("fn f() {{\n{}}}\n", "g();\n".repeat(LONGEST_FUNCTION - 1));
        let short = format!("fn f() {{\n{}}}\n", "g();\n".repeat(LONGEST_FUNCTION - 2));
        assert_eq!(lines(functions_are_short, "src/a.rs", &format!("impl A {{\n{long}}}\n{long}")), [2, 74]);
        assert!(lines(functions_are_short, "src/a.rs", &short).is_empty());
        assert!(lines(functions_are_short, "src/a.rs", &format!("mod tests {{\n{long}}}")).is_empty());
    }

    #[test]
    fn two_bools_in_a_row_are_found_and_two_apart_pass() {
        let text = "fn f(a: bool, b: bool) {}\ntrait T { fn g(&self, a: u8, b: bool, c: bool); }\n\
            fn h(a: bool, b: u8, c: bool) {}";
        assert_eq!(lines(bools_do_not_follow_bools, "src/a.rs", text), [1, 2]);
    }

    #[test]
    fn a_file_without_an_opening_sentence_or_with_a_meaningless_name_is_found() {
        for (text, expected) in [
            ("use std::fmt;", vec![1]),
            ("//! Names and numbers", vec![1]),
            ("//! Names of accounts: networks,\n//! hosts and handles.\n//!\n//! More of it", vec![]),
        ] {
            assert_eq!(lines(files_open_with_a_sentence, "src/a.rs", text), expected, "{text}");
        }
        assert_eq!(lines(files_have_meaningful_names, "src/net/utils.rs", ""), [1]);
        assert_eq!(lines(files_have_meaningful_names, "src/common/mod.rs", ""), [1]);
        assert!(lines(files_have_meaningful_names, "src/store/mod.rs", "").is_empty());
    }

    #[test]
    fn a_test_branch_in_product_code_is_found() {
        let text = "#[cfg(test)]\nfn only_for_tests() {}\n#[cfg_attr(test, derive(Debug))]\nstruct A;\n\
            #[cfg(test)]\nmod tests { }\n#[cfg(unix)]\nfn f() {}";
        assert_eq!(lines(only_test_modules_are_for_tests, "src/a.rs", text), [1, 3]);
    }

    #[test]
    fn an_unwrap_outside_tests_and_an_allowed_lint_are_found() {
        let text = "fn f() { g().unwrap(); println!(\"{}\", h().unwrap()); k.unwrap_or(1); }\n\
            #[allow(dead_code)]\nfn g() {}\n#[expect(dead_code, reason = \"shown\")]\nfn h() {}\n\
            #[cfg(test)]\nmod tests { fn t() { g().unwrap(); } }";
        assert_eq!(lines(nothing_unwraps, "src/a.rs", text), [1, 1]);
        assert_eq!(lines(nothing_is_allowed, "src/a.rs", text), [2]);
    }

    #[test]
    fn a_map_with_a_hole_a_ghost_or_a_bare_name_is_found() {
        let files = ["src/a.rs", "src/b.rs", "src/c.rs"].map(String::from);
        let map = "# Map\n- `src/a.rs`: the first.\n- `src/b.rs`: \n- `src/d.rs`: gone.\nSee `src/a.rs`.";
        let faults: Vec<String> = map_faults(map, &files).iter().map(Fault::to_string).collect();
        let rule = "the map names every file and no other";
        assert_eq!(
            faults,
            [
                format!("ARCHITECTURE.md:3: {rule}: `src/b.rs` has no sentence; say what it is for"),
                format!("ARCHITECTURE.md:4: {rule}: `src/d.rs` does not exist; take it off"),
                format!("ARCHITECTURE.md:1: {rule}: add a line \"- `src/c.rs`: what it is for.\""),
            ]
        );
    }

    #[test]
    fn an_invariant_that_nothing_holds_is_found() {
        let tests =
            Source::new("tests/a.rs", "proptest! { #[test] fn it_holds(x in 0..9) {} }\nstruct Guard;");
        let map = "# Map\n## Invariants\nWhat `must` hold.\n1. **One.** See `one`.\n   Held by `it_holds`,\n   `Guard`.\n\
            2. **Two.** See `it_holds`.\n3. **Three.**\n   Held by `it_held`.\n## Walks\n4. `none`";
        let faults = invariant_faults(map, &names_defined(&[tests]));
        let faults: Vec<String> = faults.iter().map(Fault::to_string).collect();
        let rule = "invariants are held";
        assert_eq!(
            faults,
            [
                format!("ARCHITECTURE.md:7: {rule}: say which type or test holds it: Held by `name`"),
                format!(
                    "ARCHITECTURE.md:9: {rule}: `it_held` is neither a type nor a function of src/ or tests/"
                ),
            ]
        );
        assert_eq!(invariant_faults("# Map", &BTreeSet::new()).len(), 1);
    }
}

#[test]
fn every_indicator_has_a_section_in_the_docs() {
    let docs = fs::read_to_string(root().join("docs/indicators.md")).expect("docs/indicators.md can be read");
    let heads: Vec<&str> = docs
        .lines()
        .filter(|line| line.starts_with('#'))
        .map(|line| line.trim_matches(['#', ' ', '`']))
        .collect();
    let ids = masthead::analysis::indicators::TABLE.iter().map(|indicator| indicator.id);
    let missing: Vec<&str> = ids.filter(|id| !heads.contains(id)).collect();
    assert!(missing.is_empty(), "docs/indicators.md: add a heading \"## id\" and a section for {missing:?}");
}
