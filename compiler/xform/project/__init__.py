"""What the files declare: settings, assets, tests, profiles. Text in, declarations out."""
