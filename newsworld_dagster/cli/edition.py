"""The edition on this machine."""

from __future__ import annotations

from typing import Annotated

import typer

from newsworld_dagster.cli.common import failing_plainly, open_world
from newsworld_dagster.cli.terminal import err, out

app = typer.Typer()


@app.command()
def serve(
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port on 127.0.0.1; 0 takes a free one")
    ] = 8000,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Build the pages anew from the snapshot first")
    ] = False,
) -> None:
    """Preview the published pages on this machine; Ctrl-C ends it."""
    from newsworld_dagster.edition import make_server

    with failing_plainly():
        world = open_world()
        if rebuild:
            from newsworld_dagster.defs.edition import publish_edition

            made = publish_edition(world)
            err.print(f"{made.files} files, {made.made} made anew, {made.removed} removed")
        server = make_server(world.settings.edition_dir, port)
        with server:
            out.print(f"http://127.0.0.1:{server.server_address[1]}/", highlight=False)
            try:
                server.serve_forever()
            except KeyboardInterrupt:
                err.print("ended")
