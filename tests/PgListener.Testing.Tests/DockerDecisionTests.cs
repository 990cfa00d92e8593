using System.Diagnostics;

namespace PgListener.Testing.Tests;

/// <summary>A Docker that does not do what it should, played by a stand-in.</summary>
public sealed class DockerDecisionTests : IDisposable
{
    private static readonly EphemeralPostgresOptions DockerOnly = new() { Sources = PostgresSources.Docker };
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly TempFolder _temp = new();

    public void Dispose() => _temp.Dispose();

    [Theory]
    [InlineData("version", "Error response from daemon: client version 1.50 is too new. Maximum supported API version is 1.41")]
    [InlineData("pull", "Error response from daemon: Get registry: dial tcp: lookup registry: no such host")]
    public async Task What_docker_says_is_in_the_error(string command, string error)
    {
        var machine = Logged($"[ \"$1\" != image ] || exit 1; [ \"$1\" != {command} ] || {{ echo '{error}' >&2; exit 1; }}");

        var failure = await Assert.ThrowsAsync<EphemeralPostgresException>(() => EphemeralPostgres.LaunchAsync(DockerOnly, machine, Sql.Token));

        Assert.Contains(error, failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(await CallsAsync(), call => call.StartsWith("run", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_docker_that_does_not_work_is_named_beside_the_server_that_is_used_instead()
    {
        Assert.SkipUnless(Directory.Exists("/usr/lib/postgresql"), "The stand-in for the npm package links to Debian's PostgreSQL.");
        var machine = Logged("echo 'too old an engine' >&2; exit 1") with { CacheFolder = LinkedPackage() };

        await using var postgres = await EphemeralPostgres.LaunchAsync(new(), machine with { SearchPath = [_temp, "/usr/bin"] }, Sql.Token);

        Assert.Contains("passed over: Docker: ", postgres.Source, StringComparison.Ordinal);
        Assert.Contains("too old an engine", postgres.Source, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', postgres.Source);
    }

    [Fact]
    public async Task An_engine_that_hangs_is_given_up_soon_and_remembered()
    {
        var machine = Logged("exec sleep 600");
        var clock = Stopwatch.StartNew();

        await Assert.ThrowsAsync<EphemeralPostgresException>(() => EphemeralPostgres.LaunchAsync(DockerOnly, machine, Sql.Token));
        Assert.True(clock.Elapsed < Limit, $"It took {clock.Elapsed}.");
        var calls = (await CallsAsync()).Length;
        clock.Restart();
        var second = await Assert.ThrowsAsync<EphemeralPostgresException>(() => EphemeralPostgres.LaunchAsync(DockerOnly, machine, Sql.Token));

        Assert.Contains("did not end within 10 s", second.Message, StringComparison.Ordinal);
        Assert.Contains("it is tried again after 60 s", second.Message, StringComparison.Ordinal);
        Assert.Equal(calls, (await CallsAsync()).Length);
    }

    [Theory]
    [InlineData("tcp://192.0.2.7:2376", true)]
    [InlineData("ssh://user@build.example", true)]
    [InlineData("tcp://localhost:2375", false)]
    [InlineData("tcp://127.0.0.1:2375", false)]
    [InlineData("unix:///var/run/docker.sock", false)]
    [InlineData("npipe:////./pipe/docker_engine", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    public void An_engine_elsewhere_is_told_by_its_address(string? endpoint, bool elsewhere) =>
        Assert.Equal(elsewhere, DockerEngine.IsElsewhere(endpoint));

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_engine_elsewhere_is_not_used(bool byVariable)
    {
        var machine = Logged("[ \"$1\" != context ] || echo tcp://192.0.2.7:2376");
        if (byVariable)
            machine = machine with { DockerHost = "tcp://192.0.2.7:2376" };

        var failure = await Assert.ThrowsAsync<EphemeralPostgresException>(() => EphemeralPostgres.LaunchAsync(DockerOnly, machine, Sql.Token));

        Assert.Contains("its engine is at tcp://192.0.2.7:2376, so the ports of its containers are not on this machine's 127.0.0.1.", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(await CallsAsync(), call => call.StartsWith("run", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_container_whose_port_is_not_on_this_machine_is_explained()
    {
        // As in a dev container: the server is ready where it runs, and nobody listens here.
        var machine = Logged("[ \"$1\" != inspect ] || echo true");
        var clock = Stopwatch.StartNew();

        var failure = await Assert.ThrowsAsync<EphemeralPostgresException>(() => EphemeralPostgres.LaunchAsync(DockerOnly, machine, Sql.Token));

        Assert.Contains("is ready, but 127.0.0.1 of this process is not where docker publishes its ports", failure.Message, StringComparison.Ordinal);
        Assert.Contains("or this process runs in a container itself", failure.Message, StringComparison.Ordinal);
        Assert.True(clock.Elapsed < Limit, $"It took {clock.Elapsed}.");
        Assert.Contains(await CallsAsync(), call => call.StartsWith("rm ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_start_that_is_cancelled_while_the_container_is_created_leaves_nothing()
    {
        // The engine goes on creating it, whatever becomes of the command that asked.
        var (asked, created, go) = (Path.Combine(_temp, "asked"), Path.Combine(_temp, "created"), Path.Combine(_temp, "go"));
        var machine = Logged($$"""
            case "$1" in
            run) touch {{asked}}; until [ -e {{go}} ]; do sleep 0.01; done; touch {{created}} ;;
            rm) [ -e {{created}} ] || { echo 'Error: No such container' >&2; exit 1; }; rm {{created}} ;;
            esac
            """);
        using var cancelled = CancellationTokenSource.CreateLinkedTokenSource(Sql.Token);
        var launch = EphemeralPostgres.LaunchAsync(DockerOnly, machine, cancelled.Token);
        Assert.True(SpinWait.SpinUntil(() => File.Exists(asked), Limit));

        await cancelled.CancelAsync();
        await File.WriteAllTextAsync(go, "", Sql.Token);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => launch.WaitAsync(Limit, Sql.Token));
        Assert.False(File.Exists(created), "The container is still there.");
        Assert.Empty(Directory.EnumerateFileSystemEntries(_temp, "pglistener-pg-*"));
    }

    [Fact]
    public async Task A_container_that_appears_after_its_command_was_killed_is_removed_by_the_next_start()
    {
        // Ctrl-C ends docker too; the engine creates the container all the same.
        var created = Path.Combine(_temp, "created");
        var machine = Logged($$"""
            case "$1" in
            run) kill -9 $$ ;;
            rm) [ -e {{created}} ] || { echo 'Error: No such container' >&2; exit 1; }; rm {{created}} ;;
            esac
            """);
        await Assert.ThrowsAsync<EphemeralPostgresException>(() => EphemeralPostgres.LaunchAsync(DockerOnly, machine, Sql.Token));
        Assert.Single(Directory.EnumerateFileSystemEntries(_temp, "pglistener-pg-*"));
        await Leftovers.ClearAsync(machine);
        Assert.Single(Directory.EnumerateFileSystemEntries(_temp, "pglistener-pg-*"));

        await File.WriteAllTextAsync(created, "", Sql.Token);
        await Leftovers.ClearAsync(machine);

        Assert.False(File.Exists(created));
        Assert.Empty(Directory.EnumerateFileSystemEntries(_temp, "pglistener-pg-*"));
    }

    [Fact]
    public async Task A_run_that_docker_refuses_leaves_nothing()
    {
        var machine = Logged("""
            case "$1" in
            run) echo 'invalid mount' >&2; exit 125 ;;
            rm) echo 'Error: No such container' >&2; exit 1 ;;
            esac
            """);

        var failure = await Assert.ThrowsAsync<EphemeralPostgresException>(() => EphemeralPostgres.LaunchAsync(DockerOnly, machine, Sql.Token));

        Assert.Contains("invalid mount", failure.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_temp, "pglistener-pg-*"));
    }

    private Machine Logged(string script) => FakeDocker.Install(_temp, $"echo \"$@\" >> {Path.Combine(_temp, "calls")}\n{script}");

    private async Task<string[]> CallsAsync() => File.Exists(Path.Combine(_temp, "calls")) ? await File.ReadAllLinesAsync(Path.Combine(_temp, "calls"), Sql.Token) : [];

    private string LinkedPackage()
    {
        var cache = Path.Combine(_temp, "cache");
        var programs = Directory.CreateDirectory(Path.Combine(cache, $"embedded-postgres-{NpmRelease.Version}-{NpmRelease.ForThisMachine!.Platform}", "native", "bin")).FullName;
        foreach (var name in new[] { "initdb", "pg_ctl", "postgres" })
            File.CreateSymbolicLink(Path.Combine(programs, name), Directory.GetFiles("/usr/lib/postgresql", name, SearchOption.AllDirectories)[0]);
        return cache;
    }
}
