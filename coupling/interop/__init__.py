"""Other programs and languages: tables written for them, and comparisons with what they compute themselves."""
