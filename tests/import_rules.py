"""The import table as a contract of import-linter: a room may use what it lists, and nothing else."""

import sys

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


class Room(Contract):
    """One row of the import table.

    `may_import` lists modules (with all they contain) of other rooms; the word "ports" stands for the modules that the
    setting `ports` lists. `libraries`, where given, lists the only libraries beside the standard one; `refused` lists
    parts of the standard library that are not for this room.
    """

    # Declared as fields, read as the plain values that parsing leaves in their place.
    room: str = fields.StringField()  # type: ignore[assignment]
    may_import: list[str] = fields.ListField(subfield=fields.StringField())  # type: ignore[assignment]
    libraries: list[str] | None = fields.ListField(subfield=fields.StringField(), required=False)  # type: ignore[assignment]
    refused: list[str] = fields.ListField(subfield=fields.StringField(), required=False, default=[])  # type: ignore[assignment]

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        offences = [
            (importer, imported)
            for importer in sorted({self.room} | graph.find_descendants(self.room))
            for imported in sorted(graph.find_modules_directly_imported_by(importer))
            if not self._allows(imported)
        ]
        return ContractCheck(kept=not offences, metadata={"offences": offences})

    def _allows(self, imported: str) -> bool:
        own = {self.room, *self.may_import}
        if "ports" in own:
            own.update(self.session_options["ports"])
        top = imported.partition(".")[0]
        if top in self.session_options["root_packages"]:
            return any(imported == name or imported.startswith(f"{name}.") for name in own)
        if top in sys.stdlib_module_names:
            return top not in self.refused
        return self.libraries is None or top in self.libraries

    def render_broken_contract(self, check: ContractCheck) -> None:
        for importer, imported in check.metadata["offences"]:
            output.print_error(f"{importer} may not import {imported}", bold=False)
