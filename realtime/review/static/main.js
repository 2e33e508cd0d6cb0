// The page of the review: one review, and the keys and buttons that drive it.

import { connect } from "./controls.js";
import { Review } from "./review.js";

const review = new Review();
connect(review);
review.start().catch((error) => review.say(error.message, true));
