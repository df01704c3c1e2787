"""`leadglass survey …`: one file a group of commands."""

from __future__ import annotations

import typer

from leadglass.app.cli.survey.cases import cases, retest
from leadglass.app.cli.survey.comparing import compare
from leadglass.app.cli.survey.importing import import_scans
from leadglass.app.cli.survey.places import places
from leadglass.app.cli.survey.reporting import report
from leadglass.app.cli.survey.running import run_survey, survey_self
from leadglass.app.cli.survey.scope import scope
from leadglass.app.cli.survey.verifying import verify

__all__ = ["survey"]

survey = typer.Typer(no_args_is_help=True, help="Find what is open, within what its owner allowed.")
survey.add_typer(scope, name="scope")
survey.add_typer(places, name="places")
survey.command("import")(import_scans)
survey.command("run")(run_survey)
survey.command("self")(survey_self)
survey.command("verify")(verify)
survey.add_typer(cases, name="cases")
survey.command("retest")(retest)
survey.command("report")(report)
survey.command("compare")(compare)
