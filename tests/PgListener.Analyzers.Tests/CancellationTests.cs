namespace PgListener.Analyzers.Tests;

/// <summary>PGL003.</summary>
public class CancellationTests
{
    [Fact]
    public Task A_handler_that_keeps_its_token_to_itself_is_found()
        => Rules.AssertFindsAsync(Code.Project(Handler("""
            await LoadAsync(1, CancellationToken.None); // PGL003
            await LoadAsync(1, default); // PGL003
            await LoadAsync(1, default(CancellationToken)); // PGL003
            await LoadAsync(1, new()); // PGL003
            await LoadAsync(1, cancellationToken);
            await Task.Delay(1, CancellationToken.None).ConfigureAwait(false); // PGL003
            """)));

    [Fact]
    public Task What_cleans_up_or_outlives_the_handler_is_not()
        => Rules.AssertFindsAsync(Code.Project(Handler("""
            _ = LoadAsync(1, CancellationToken.None);
            try
            {
                await LoadAsync(1, cancellationToken);
            }
            catch (InvalidOperationException)
            {
                await LoadAsync(2, CancellationToken.None);
            }
            finally
            {
                await LoadAsync(3, default);
            }

            await Array.ConvertAll([1], id => LoadAsync(id, CancellationToken.None))[0];
            """)));

    [Fact]
    public Task Callbacks_are_handlers_too()
        => Rules.AssertFindsAsync(Code.Project("""
            using PgListener;

            class Subscriptions(IPgListener listener)
            {
                public async Task SubscribeAsync(CancellationToken cancellationToken)
                {
                    await listener.SubscribeAsync("a", (_, _) => LoadAsync(1), cancellationToken: cancellationToken);
                    await listener.SubscribeAsync("a", (_, _) => LoadAsync(1, CancellationToken.None), cancellationToken: cancellationToken); // PGL003
                    await listener.SubscribeAsync("a", async (context, _) => { await LoadAsync(context.ProcessId, default); }, cancellationToken: cancellationToken); // PGL003
                    await listener.SubscribeAsync("a", (context, token) => LoadAsync(context.ProcessId, token), new() { OnResync = (_, _) => LoadAsync(2, default) }, CancellationToken.None); // PGL003
                    await listener.SubscribeAsync("a", (_, _) => Task.CompletedTask, cancellationToken: cancellationToken);
                    await listener.SubscribeAsync("a", OnNotified, cancellationToken: CancellationToken.None);
                    await LoadAsync(1, CancellationToken.None);
                }

                private Task OnNotified(NotificationContext context, CancellationToken cancellationToken)
                    => LoadAsync(context.ProcessId, CancellationToken.None); // PGL003

                private static Task LoadAsync(int id, CancellationToken cancellationToken = default) => Task.Delay(id, cancellationToken);
            }
            """));

    [Fact]
    public Task Filters_pass_it_on_too()
        => Rules.AssertFindsAsync(Code.Project("""
            using PgListener;

            class Filter : INotificationFilter
            {
                public async Task InvokeAsync(NotificationFilterContext context, NotificationFilterDelegate next, CancellationToken cancellationToken)
                {
                    await Task.Delay(1, CancellationToken.None); // PGL003
                    await next(CancellationToken.None); // PGL003
                    await next(cancellationToken);
                }

                public static void Add(PgListenerBuilder builder) => builder.AddFilter((_, next, _) => next(default)); // PGL003
            }
            """));

    [Fact]
    public Task What_CA2016_finds_is_left_to_it()
        => Rules.AssertFindsAsync(Code.Project(Handler("""
            await OptionalAsync(1);
            """)));

    [Theory]
    [InlineData("await LoadAsync(1, CancellationToken.None); // here", "await LoadAsync(1, cancellationToken); // here")]
    [InlineData("await OptionalAsync(cancellationToken: default, id: 1);", "await OptionalAsync(cancellationToken: cancellationToken, id: 1);")]
    public Task The_fix_passes_the_token_on(string before, string after)
        => Rules.AssertFixesAsync(Code.Project(Handler(before)), Handler(after));

    [Theory]
    [InlineData("(_, _) => LoadAsync(1, CancellationToken.None)", "(_, cancellationToken) => LoadAsync(1, cancellationToken)")]
    [InlineData("(_, _) => LoadAsync(cancellationToken: default)", "(_, cancellationToken) => LoadAsync(cancellationToken: cancellationToken)")]
    [InlineData("(_, _) => this.ExtendedAsync(1, default)", "(_, cancellationToken) => this.ExtendedAsync(1, cancellationToken)")]
    [InlineData(
        "async (NotificationContext _, CancellationToken _) => await LoadAsync(1, new())",
        "async (NotificationContext _, CancellationToken cancellationToken) => await LoadAsync(1, cancellationToken)")]
    public Task The_fix_names_a_token_that_has_no_name(string before, string after)
        => Rules.AssertFixesAsync(Code.Project(Callback(before)), Callback(after));

    /// <summary>With one of two discards named, <c>_</c> is a parameter, and no longer a discard.</summary>
    [Theory]
    [InlineData("async (_, _) => { _ = int.TryParse(\"1\", out var id); await LoadAsync(id, CancellationToken.None); }")]
    [InlineData("async (_, _) => { if (int.TryParse(\"1\", out _)) { await LoadAsync(1, CancellationToken.None); } }")]
    public Task No_fix_is_offered_where_a_name_would_make_a_parameter_of_a_discard(string callback)
        => Rules.AssertFixesAsync(Code.Project(Callback(callback)), expected: null);

    private static string Handler(string body) => $$"""
        using PgListener;

        public readonly record struct Channel(string Text) : INotificationChannel<Channel>
        {
            public static string ChannelName => "channel";

            public static Channel Parse(string payload) => new(payload);
        }

        public class Handler : INotificationHandler<Channel>
        {
            public async Task HandleAsync(Notification<Channel> notification, CancellationToken cancellationToken)
            {
                {{body.Replace("\n", "\n        ", StringComparison.Ordinal)}}
            }

            private static Task LoadAsync(int id, CancellationToken cancellationToken) => Task.Delay(id, cancellationToken);

            private static Task OptionalAsync(int id, CancellationToken cancellationToken = default) => Task.Delay(id, cancellationToken);
        }
        """;

    private static string Callback(string lambda) => $$"""
        using PgListener;

        public class Subscriptions(Listener listener)
        {
            public Task SubscribeAsync() => listener.AddCallbackAsync("a", {{lambda}});

            private static Task LoadAsync(int id = 0, CancellationToken cancellationToken = default) => Task.Delay(id, cancellationToken);
        }

        public static class Extensions
        {
            public static Task ExtendedAsync(this Subscriptions subscriptions, int id, CancellationToken cancellationToken = default)
                => Task.Delay(id + subscriptions.GetHashCode(), cancellationToken);
        }
        """;
}
