using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Primitives;
using PgListener.ChangeTokens;
using WebApi.Tests;

namespace PgListener.Caching.Tests.ChangeTokens;

/// <summary>What is kept for tokens, and for how long; and what threads may do at the same time.</summary>
public sealed class PendingTokensTests
{
    private const int Many = 100_000;

    [Fact]
    public async Task What_nobody_has_a_token_for_is_forgotten()
    {
        var tokens = new TableTokens<Product>(NullLogger.Instance);
        Take(tokens, Many);
        Assert.InRange(tokens.Count, 1, Many);

        await CollectedAsync(tokens, 0);
    }

    [Fact]
    public async Task A_token_is_kept_by_who_has_it_and_by_its_callbacks()
    {
        var tokens = new TableTokens<Product>(NullLogger.Instance);
        var had = tokens.GetToken(ChangeKey.Of(1));
        var calls = 0;
        var registration = Register(tokens, () => calls++);
        Take(tokens, 1000);

        await CollectedAsync(tokens, 2);
        tokens.Fire(Changes(1, 2));
        Assert.Equal((true, 1), (had.HasChanged, calls));

        registration.Dispose();
        registration = Register(tokens, () => calls++);
        registration.Dispose();
        await CollectedAsync(tokens, 0);
    }

    [Fact]
    public async Task Several_tokens_for_a_row_are_independent()
    {
        var tokens = new TableTokens<Product>(NullLogger.Instance);
        Take(tokens, 10);
        var had = tokens.GetToken(ChangeKey.Of(3));
        await CollectedAsync(tokens, 1);

        tokens.Fire(Changes(3));

        Assert.True(had.HasChanged);
        Assert.False(tokens.GetToken(ChangeKey.Of(3)).HasChanged);
    }

    [Fact]
    public void A_callback_for_a_token_that_has_fired_is_called_at_once()
    {
        var tokens = new TableTokens<Product>(NullLogger.Instance);
        var token = tokens.GetToken();
        tokens.FireAll();
        var calls = 0;

        token.RegisterChangeCallback(_ => calls++, state: null);

        Assert.Equal((true, 1), (token.HasChanged, calls));
    }

    [Fact]
    public async Task A_callback_may_take_as_long_as_it_likes_and_tokens_of_its_own()
    {
        var tokens = new TableTokens<Product>(NullLogger.Instance);
        var token = tokens.GetToken(ChangeKey.Of(1));
        var running = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var gate = new ManualResetEventSlim();
        IChangeToken? next = null;
        token.RegisterChangeCallback(
            _ =>
            {
                next = tokens.GetToken(ChangeKey.Of(1));
                running.SetResult();
                gate.Wait(2 * Eventually.Limit, TestContext.Current.CancellationToken);
            },
            state: null);

        var firing = Task.Run(() => tokens.Fire(Changes(1)), TestContext.Current.CancellationToken);
        await running.Task.WaitAsync(Eventually.Limit, TestContext.Current.CancellationToken);
        var other = await Task.Run(() => tokens.GetToken(ChangeKey.Of(1)), TestContext.Current.CancellationToken).WaitAsync(Eventually.Limit, TestContext.Current.CancellationToken);
        Assert.False(other.HasChanged);
        gate.Set();
        await firing;

        Assert.False(next!.HasChanged);
        tokens.Fire(Changes(1));
        Assert.True(next.HasChanged);
        Assert.True(other.HasChanged);
    }

    [Fact]
    public async Task A_token_that_was_taken_before_a_change_fires_whatever_else_happens()
    {
        var tokens = new TableTokens<Product>(NullLogger.Instance);
        var collecting = Task.Run(
            () =>
            {
                for (var i = 0; i < 20; i++)
                {
                    Take(tokens, 1000);
                    GC.Collect();
                }
            },
            TestContext.Current.CancellationToken);

        await Parallel.ForEachAsync(Enumerable.Range(0, 4), TestContext.Current.CancellationToken, async (worker, _) =>
        {
            for (var i = 0; i < 20_000; i++)
            {
                var key = (worker * 5) + (i % 5);
                var token = tokens.GetToken(ChangeKey.Of(key));
                var any = tokens.GetToken();
                if (i % 100 == 0)
                    tokens.FireAll();
                else
                    tokens.Fire(Changes(key));

                // Another thread may have taken them, and be about to fire them.
                await ProductApp.FiredAsync(token);
                await ProductApp.FiredAsync(any);
            }
        });
        await collecting;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Take(TableTokens<Product> tokens, int count)
    {
        for (var i = 0; i < count; i++)
            tokens.GetToken(ChangeKey.Of(i));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static IDisposable Register(TableTokens<Product> tokens, Action call) => tokens.GetToken(ChangeKey.Of(2)).RegisterChangeCallback(_ => call(), state: null);

    /// <summary>Collects what nobody has any more, until so many rows are left.</summary>
    private static async Task CollectedAsync(TableTokens<Product> tokens, int expected)
        => await Eventually.GetAsync(
            () =>
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
                return Task.FromResult(tokens.Count);
            },
            count => count == expected);

    private static Changes<Product> Changes(params int[] keys) => new(ChangeOperation.Update, [.. keys.Select(key => ChangeKey.Of(key))]);
}
