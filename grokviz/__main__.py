from grokviz.cli import main

raise SystemExit(main())
