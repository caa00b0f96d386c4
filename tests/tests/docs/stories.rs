//! The story that docs/stories.md shows is one that is played.

use crate::{block, page};

#[test]
fn the_story_of_the_page_is_the_shipped_one() {
    let shown = block(&page("docs/stories.md"), "A whole story", "text");
    assert_eq!(shown, page("tests/stories/refused-and-asked-again.story"));
}
