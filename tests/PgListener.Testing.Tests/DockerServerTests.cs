namespace PgListener.Testing.Tests;

public sealed class DockerServerTests
{
    [Fact]
    public void Run_publishes_on_loopback_under_the_name_of_the_instance()
    {
        var arguments = DockerServer.RunArguments("pglistener-pg-1", 15432, new Dictionary<string, string> { ["max_connections"] = "17" }).ToArray();

        Assert.Equal(
            [
                "run", "--detach", "--init", "--name", "pglistener-pg-1", "--label", "pglistener.instance=pglistener-pg-1",
                "--publish", "127.0.0.1:15432:5432",
                "--env", "POSTGRES_PASSWORD",
                "--env", "POSTGRES_HOST_AUTH_METHOD=scram-sha-256",
                "--env", "POSTGRES_INITDB_ARGS=--auth=scram-sha-256 --no-sync --locale=C -E UTF8",
                DockerEngine.Image, "postgres",
                "-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off",
                "-c", "shared_buffers=16MB", "-c", "max_connections=200",
                "-c", "cluster_name=pglistener-pg-1",
                "-c", "max_connections=17",
            ],
            arguments);
    }

    [Theory]
    [InlineData("docker: Error response from daemon: driver failed programming external connectivity on endpoint x: Bind for 127.0.0.1:15432 failed: port is already allocated.", true)]
    [InlineData("docker: Error response from daemon: failed to bind host port for 127.0.0.1:15432: address already in use", true)]
    [InlineData("docker: Error response from daemon: Ports are not available: exposing port TCP 127.0.0.1:15432", true)]
    [InlineData("docker: Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?", false)]
    public void A_taken_port_is_told_from_other_failures(string printed, bool taken) =>
        Assert.Equal(taken, DockerServer.SaysPortIsTaken(printed));

    [Fact]
    public async Task A_docker_that_does_not_answer_is_named_in_the_error()
    {
        using var temp = new TempFolder();
        var machine = FakeDocker.Install(temp, "echo no daemon here >&2; exit 1");

        var failure = await Assert.ThrowsAsync<EphemeralPostgresException>(() => EphemeralPostgres.LaunchAsync(
            new() { Sources = PostgresSources.Docker }, machine, Sql.Token));

        Assert.Contains("no daemon here", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_commands_of_a_containers_life()
    {
        using var temp = new TempFolder();
        var log = Path.Combine(temp, "calls");
        var machine = FakeDocker.Install(temp, $"echo \"$@\" >> {log}; [ \"$1\" != inspect ] || echo true; [ \"$1\" != logs ] || echo 'the log' >&2");
        string name;
        using (var server = (DockerServer)await ServerFinder.FindAsync(new() { Sources = PostgresSources.Docker }, machine, Sql.Token))
        {
            name = server.Name;
            Assert.False(await server.IsRunningAsync(Sql.Token));
            await server.StartAsync(15432, Sql.Token);
            Assert.True(await server.IsRunningAsync(Sql.Token));
            await server.StopAsync(Sql.Token);
            await server.StartAsync(15432, Sql.Token);
            await server.SetPausedAsync(true, null, Sql.Token);
            await server.SetPausedAsync(false, null, Sql.Token);
            await server.KillAsync(Sql.Token);
            Assert.Equal("the log", await server.ReadLogAsync(Sql.Token));
        }

        var calls = (await File.ReadAllTextAsync(log, Sql.Token)).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .SkipWhile(call => !call.StartsWith("run ", StringComparison.Ordinal)).ToArray();
        Assert.StartsWith($"run --detach --init --name {name} ", calls[0], StringComparison.Ordinal);
        Assert.Equal(
            [
                $"inspect --format {{{{.State.Running}}}} {name}", $"exec {name} {Flat(InContainer.Stop)}", $"wait {name}", $"start {name}",
                $"exec {name} {Flat(InContainer.SetPaused(true, null))}", $"exec {name} {Flat(InContainer.SetPaused(false, null))}",
                $"kill {name}", $"wait {name}", $"logs {name}", $"rm --force --volumes {name}",
            ],
            calls[1..]);
        Assert.Empty(Directory.EnumerateFileSystemEntries(temp, "pglistener-pg-*"));

        static string Flat(string[] command) => string.Join(' ', command);
    }

    [Fact]
    public async Task A_container_whose_owner_is_gone_is_removed()
    {
        using var temp = new TempFolder();
        var log = Path.Combine(temp, "calls");
        var machine = FakeDocker.Install(temp, $"echo \"$@\" >> {log}");
        string name;
        using (var instance = await Instance.CreateAsync(temp, user: null, Sql.Token))
        {
            name = instance.Name;
            await File.WriteAllTextAsync(instance.ContainerMark, "", Sql.Token);
            await Leftovers.ClearAsync(machine);
            Assert.False(File.Exists(log), "Its owner is still there.");
        }

        await Leftovers.ClearAsync(machine);

        Assert.Equal([$"rm --force --volumes {name}"], await File.ReadAllLinesAsync(log, Sql.Token));
        Assert.Empty(Directory.EnumerateFileSystemEntries(temp, "pglistener-pg-*"));
    }
}
