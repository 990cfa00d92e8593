using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using PgListener.Connections;

namespace PgListener.UnitTests;

/// <summary>The time limit of a command.</summary>
public sealed class SessionConnectionTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_answer_that_comes_at_the_moment_of_the_limit_counts()
    {
        for (var attempt = 0; attempt < 20; attempt++)
        {
            var answer = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
            Assert.Equal(1, await RunAsync(answer, () => answer.SetResult(1)));
        }
    }

    [Fact]
    public async Task A_command_that_fails_at_the_moment_of_the_limit_fails_with_its_own_error()
    {
        for (var attempt = 0; attempt < 20; attempt++)
        {
            var answer = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
            var error = new TimeoutException("Its own.");
            Assert.Same(error, await Assert.ThrowsAsync<TimeoutException>(() => RunAsync(answer, () => answer.SetException(error))));
        }
    }

    private static async Task<int> RunAsync(TaskCompletionSource<int> answer, Action atTheLimit)
    {
        await using var connection = new NpgsqlConnection("Host=nowhere");
        var time = new HookedTime(TimeProvider.System, atTheLimit);
        var options = new OptionsInForce();
        var server = new SessionConnection(connection, returnsToPool: false, new([], NullLogger.Instance), options, time, NullLogger.Instance);
        return await server.RunAsync("a question", _ => answer.Task, TimeSpan.FromMilliseconds(1), Cancellation);
    }
}
