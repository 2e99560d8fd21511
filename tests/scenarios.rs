//! Scenario files as they are handed out, read but not run.

use std::fs;

use workspace_tests::workspace_root;

/// What is wrong with a scenario, one line each.
fn problems(text: &str) -> Vec<String> {
    vpcbox::scenario::parse(text).err().into_iter().flatten().map(|problem| problem.to_string()).collect()
}

#[test]
fn every_scenario_file_is_right_and_bears_its_name() {
    let files = fs::read_dir(workspace_root().join("scenarios")).expect("the folder can be listed");
    for path in files.map(|file| file.expect("the folder can be listed").path()) {
        let text = fs::read_to_string(&path).expect("scenarios are UTF-8");
        match vpcbox::scenario::parse(&text) {
            Ok(scenario) => assert_eq!(path.file_stem().and_then(|it| it.to_str()), Some(scenario.name.as_str())),
            Err(_) => panic!("{}:\n{}", path.display(), problems(&text).join("\n")),
        }
    }
}

#[test]
fn the_readmes_example_is_right() {
    let readme = fs::read_to_string(workspace_root().join("README.md")).expect("there is a README");
    let mut blocks = readme.split("```yaml\n").skip(1).map(|rest| rest.split("```").next().unwrap_or_default());
    let example = blocks.find(|block| block.starts_with("scenario:")).expect("it shows a scenario");
    assert_eq!(problems(example), Vec::<String>::new());
}
