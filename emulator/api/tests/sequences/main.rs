//! Laws of the whole API, tried by random sequences of calls over the wire: nothing that is refused or merely tried
//! changes anything, everything that is said is well-formed, what resources name is there, what is made is described
//! and what is removed is not, and the same calls lead to the same account.
//!
//! `VPCBOX_SEQUENCE_SECONDS` says for how long (some fixed sequences without it), `VPCBOX_FUZZ_SEED` where to begin.
//! A failure prints a short sequence that fails, as forms.

mod laws;
mod shown;
mod template;
mod world;

use std::collections::BTreeSet;
use std::env;
use std::time::{Duration, Instant};

use self::laws::{Run, Step};
use self::template::{Random, Template};
use self::world::text;

/// How many sequences are tried when nobody says for how long.
const SEQUENCES: u64 = 48;
/// How many steps a sequence has.
const LENGTH: u64 = 220;
/// How many seconds pass at once.
const TIMES: [i64; 9] = [1, 5, 10, 60, 1800, 3700, 8000, 100_000, 700_000];
/// For how long a shorter sequence is looked for once one fails.
const SHRINKING: Duration = Duration::from_secs(60);

fn number(variable: &str) -> Option<u64> {
    env::var(variable).ok().map(|text| text.parse().expect("a number"))
}

/// What nothing else goes without: every sequence begins with some of these.
const BEGINNING: [&str; 6] =
    ["CreateVpc", "CreateVpc", "CreateSubnet", "CreateSubnet", "CreateSubnet", "CreateInternetGateway"];

/// The calls that a sequence is made of. With a third of all it comes further than with everything at once.
fn some_of<'a>(random: &mut Random, all: &'a [Template]) -> Vec<&'a Template> {
    all.iter().filter(|template| random.below(3) == 0 || BEGINNING.contains(&template.action)).collect()
}

/// What happens next, and the line it comes from.
fn draw(random: &mut Random, run: &Run, templates: &[&Template], seed: u64) -> (Step, &'static str) {
    match random.below(600) {
        0..36 => return (Step::Pass(TIMES[random.below(TIMES.len())]), "pass"),
        36..48 => return (Step::Settle, "settle"),
        48 => return (Step::Reset(seed), "reset"),
        _ => {}
    }
    let known = run.world.known(&text(&run.world.model));
    let is_any = random.below(24) == 0;
    let possible: Vec<_> = templates.iter().filter(|it| is_any || it.is_possible(&known)).collect();
    let possible = if possible.is_empty() { templates.iter().collect() } else { possible };
    let template = possible[random.below(possible.len())];
    (Step::Call(template.action, template.form(random, &known), seed), template.line)
}

/// Tries a sequence. Gives the lines of the calls that were accepted.
fn try_seed(seed: u64, templates: &[Template]) -> Result<Vec<&'static str>, String> {
    let (mut random, mut run) = (Random(seed), Run::new(seed));
    let (mut steps, mut accepted) = (Vec::new(), Vec::new());
    let chosen = some_of(&mut random, templates);
    for at in 0..LENGTH {
        let first: Vec<&Template> = match BEGINNING.get(at as usize) {
            Some(action) => chosen.iter().copied().filter(|it| it.action == *action).collect(),
            None => chosen.clone(),
        };
        let (step, line) = draw(&mut random, &run, &first, (seed << 16) + at);
        steps.push(step.clone());
        match run.step(&step) {
            Ok(true) => {}
            Ok(false) => accepted.push(line),
            Err(law) => return Err(shortest(seed, steps, law)),
        }
    }
    run.replay().map_err(|law| shortest(seed, steps, law))?;
    Ok(accepted)
}

/// The law that some steps break, if they do.
fn broken(seed: u64, steps: &[Step]) -> Option<String> {
    let mut run = Run::new(seed);
    steps.iter().try_for_each(|step| run.step(step).map(|_| ())).and_then(|()| run.replay()).err()
}

/// Leaves steps out, fewer and fewer at a time, as long as what is left breaks a law; and tells what does.
fn shortest(seed: u64, mut steps: Vec<Step>, mut law: String) -> String {
    let (whole, end) = (steps.len(), Instant::now() + SHRINKING);
    let mut size = steps.len() / 2;
    while size > 0 {
        let mut at = 0;
        while at < steps.len() && Instant::now() < end {
            let left: Vec<Step> = steps.iter().take(at).chain(steps.iter().skip(at + size)).cloned().collect();
            match broken(seed, &left) {
                Some(other) => (steps, law) = (left, other),
                None => at += size,
            }
        }
        size /= 2;
    }
    let steps: Vec<String> = steps.iter().map(|step| format!("{step:?}")).collect();
    format!("seed {seed}, {} of {whole} steps: {law}\n{}", steps.len(), steps.join("\n"))
}

#[test]
fn sequences_of_calls_keep_the_laws() {
    let first = number("VPCBOX_FUZZ_SEED").unwrap_or(1);
    let end = number("VPCBOX_SEQUENCE_SECONDS").map(|seconds| Instant::now() + Duration::from_secs(seconds));
    let goes_on = |seed: u64| end.map_or(seed < first + SEQUENCES, |end| Instant::now() < end);
    let templates = template::all();
    let mut never: BTreeSet<&str> = templates.iter().map(|it| it.line).collect();
    let (mut accepted, mut failures, mut seed) = (0, Vec::new(), first);
    while goes_on(seed) && failures.len() < 5 {
        match try_seed(seed, &templates) {
            Ok(lines) => {
                accepted += lines.len();
                never.retain(|line| !lines.contains(line));
            }
            Err(failure) => failures.push(failure),
        }
        seed += 1;
    }
    println!("seeds {first} to {}: {accepted} steps accepted; never {never:#?}", seed - 1);
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}
