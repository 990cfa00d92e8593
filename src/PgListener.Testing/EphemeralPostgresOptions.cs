namespace PgListener.Testing;

/// <summary>The options of <see cref="EphemeralPostgres.LaunchAsync(EphemeralPostgresOptions?, CancellationToken)"/>.</summary>
public sealed class EphemeralPostgresOptions
{
    private static readonly string[] Reserved = ["cluster_name", "listen_addresses", "port", "unix_socket_directories"];

    /// <summary>Gets or sets the folder that holds <c>initdb</c>, <c>pg_ctl</c> and <c>postgres</c>.</summary>
    /// <remarks>If it is set, no other place is searched, and <see cref="Sources"/> has no effect.</remarks>
    /// <value>The default is <see langword="null"/>: search the places of <see cref="Sources"/>.</value>
    public string? BinariesFolder { get; set; }

    /// <summary>Gets or sets the sources that the server may come from.</summary>
    /// <remarks>
    /// Choose <c>Installed | Npm</c> to download the server instead of running it in a container, or leave out <see cref="PostgresSources.Npm"/>
    /// to download nothing with npm. The environment variable <c>PGLISTENER_PG_SOURCES</c> does the same if this is <see cref="PostgresSources.Auto"/>.
    /// </remarks>
    /// <value>The default is <see cref="PostgresSources.Auto"/>: the first that works of installed programs, Docker, and the npm package.</value>
    public PostgresSources Sources { get; set; } = PostgresSources.Auto;

    /// <summary>Gets the server settings to add, by name, as in <c>postgresql.conf</c>: <c>ServerSettings["max_connections"] = "20"</c>.</summary>
    /// <remarks>
    /// They override the defaults, which give up durability for speed: <c>fsync</c>, <c>synchronous_commit</c> and
    /// <c>full_page_writes</c> are off, <c>shared_buffers</c> is 16 MB, <c>max_connections</c> is 200.
    /// <c>port</c>, <c>listen_addresses</c>, <c>unix_socket_directories</c> and <c>cluster_name</c> cannot be set.
    /// </remarks>
    /// <value>The default is empty.</value>
    public IDictionary<string, string> ServerSettings { get; } = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);

    /// <summary>Gets or sets how long the server may take from its start until it answers a connection.</summary>
    /// <remarks>A first download (npm package or Docker image) does not count; it has its own limit of five minutes.</remarks>
    /// <value>The default is 60 seconds. It must be more than zero.</value>
    public TimeSpan StartTimeout { get; set; } = TimeSpan.FromSeconds(60);

    internal void Validate(string parameterName)
    {
        if ((Sources & PostgresSources.Auto) == PostgresSources.None || (Sources & ~PostgresSources.Auto) != PostgresSources.None)
            throw new ArgumentException($"{nameof(Sources)} names no place to take a server from: {Sources}.", parameterName);
        if (StartTimeout <= TimeSpan.Zero || StartTimeout.TotalMilliseconds > int.MaxValue)
            throw new ArgumentException($"{nameof(StartTimeout)} must be between zero and 24 days: {StartTimeout}.", parameterName);
        foreach (var name in Reserved)
        {
            if (ServerSettings.ContainsKey(name))
                throw new ArgumentException($"{nameof(ServerSettings)} must not contain {name}: {nameof(EphemeralPostgres)} sets it itself.", parameterName);
        }
    }
}
