using PgListener.TestServer;

namespace PgListener.Testing.Tests;

/// <summary>Which server the tests of this repository run on.</summary>
public sealed class ServerChoiceTests
{
    private readonly List<string> _printed = [];
    private int _containersTried;
    private int _localLaunched;

    [Fact]
    public async Task A_container_that_cannot_be_had_is_said_once_and_the_next_kind_is_used()
    {
        var choice = Choice(() => throw new InvalidOperationException("could not be started", new IOException("client version 1.44 is too new.\nMaximum supported API version is 1.41")));

        await using var first = await choice.LaunchAsync();
        await using var second = await choice.LaunchAsync();

        Assert.Equal(["Containers are not used: could not be started client version 1.44 is too new. Maximum supported API version is 1.41"], _printed);
        Assert.Equal((1, 2), (_containersTried, _localLaunched));
    }

    [Fact]
    public async Task All_tests_that_ask_at_once_get_the_same_kind()
    {
        var choice = Choice(() => throw new InvalidOperationException("no"));

        foreach (var server in await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => choice.LaunchAsync())))
            await server.DisposeAsync();

        Assert.Single(_printed);
        Assert.Equal((1, 4), (_containersTried, _localLaunched));
    }

    [Fact]
    public async Task Where_containers_work_a_failure_is_not_hidden()
    {
        var choice = Choice(() => _containersTried == 1 ? LaunchAsync() : throw new InvalidOperationException("broken"));

        await using var first = await choice.LaunchAsync();
        await Assert.ThrowsAsync<InvalidOperationException>(choice.LaunchAsync);

        Assert.Empty(_printed);
        Assert.Equal(0, _localLaunched);
    }

    [Fact]
    public async Task On_this_machine_there_is_a_server_one_way_or_the_other()
    {
        await using var server = await TestServers.StartOwnAsync();

        Assert.Null(server.WhyUnbreakable);
        Assert.StartsWith("PostgreSQL ", server.Description, StringComparison.Ordinal);
    }

    private static Task<EphemeralPostgres> LaunchAsync() => EphemeralPostgres.LaunchAsync(cancellationToken: Sql.Token);

    private ServerChoice Choice(Func<Task<EphemeralPostgres>> container) => new(
        _ =>
        {
            _containersTried++;
            return container();
        },
        () =>
        {
            Interlocked.Increment(ref _localLaunched);
            return LaunchAsync();
        },
        _printed.Add);
}
