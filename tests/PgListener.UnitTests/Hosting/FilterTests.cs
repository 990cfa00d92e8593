using Microsoft.Extensions.DependencyInjection;

namespace PgListener.UnitTests.Hosting;

/// <summary>What runs around a handler, in which order and in which scope.</summary>
public sealed class FilterTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly List<string> _notes = [];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Counts the scopes, by the number of the one it is from.</summary>
    private sealed class Scope(Scopes scopes) : IDisposable
    {
        public int Number { get; } = scopes.Next();

        public bool IsDisposed { get; private set; }

        public string Tenant { get; set; } = "nobody";

        public void Dispose() => IsDisposed = true;
    }

    private sealed class Scopes
    {
        private int _count;

        public int Next() => ++_count;
    }

    private class Handler(List<string> notes, Scope scope) : INotificationHandler<Item>, IResyncHandler<Item>
    {
        private readonly string _tenant = scope.Tenant;

        public Task HandleAsync(Notification<Item> notification, CancellationToken cancellationToken)
        {
            notes.Add($"{GetType().Name} {notification.Value.Text} for {_tenant} in {scope.Number}");
            return notification.Value.Text == "throw" ? throw new InvalidOperationException("thrown") : Task.CompletedTask;
        }

        public Task ResyncAsync(Resync resync, CancellationToken cancellationToken)
        {
            notes.Add($"{GetType().Name} {resync.Reason} for {_tenant} in {scope.Number}");
            return Task.CompletedTask;
        }
    }

    private sealed class Second(List<string> notes, Scope scope) : Handler(notes, scope);

    private sealed class Decorator(INotificationHandler<Item> inner, List<string> notes) : INotificationHandler<Item>
    {
        public Task HandleAsync(Notification<Item> notification, CancellationToken cancellationToken)
        {
            notes.Add("decorator");
            return inner.HandleAsync(notification, cancellationToken);
        }
    }

    private sealed class TenantFilter(Scope scope) : INotificationFilter
    {
        public Task InvokeAsync(NotificationFilterContext context, NotificationFilterDelegate next, CancellationToken cancellationToken)
        {
            scope.Tenant = context.TryGetValue<Item>(out var item) ? item.Text : "all";
            return next(cancellationToken);
        }
    }

    private sealed class CountingFilter(List<string> notes) : INotificationFilter, IDisposable
    {
        private int _calls;

        public Task InvokeAsync(NotificationFilterContext context, NotificationFilterDelegate next, CancellationToken cancellationToken)
        {
            notes.Add($"call {++_calls}");
            return next(cancellationToken);
        }

        public void Dispose() => notes.Add("disposed");
    }

    [Fact]
    public async Task They_run_in_the_order_they_were_added_a_listeners_before_a_handlers_own()
    {
        await using var kit = Kit(builder => builder
            .AddHandler<Item, Handler>(handler => handler.AddFilter(Note("own 1")).AddFilter(Note("own 2")))
            .AddFilter(Note("common 1"))
            .AddHandler<Item, Second>()
            .AddFilter(Note("common 2")));
        await kit.NotifyAsync();
        Assert.Equal(
            [
                "common 1", "common 2", "own 1", "own 2", "Handler 1 for nobody in 1", "own 2 ends", "own 1 ends", "common 2 ends", "common 1 ends",
                "common 1", "common 2", "Second 1 for nobody in 2", "common 2 ends", "common 1 ends",
            ],
            _notes);
    }

    [Fact]
    public async Task A_gap_goes_through_them_too()
    {
        await using var kit = Kit(builder => builder.AddFilter(Note("common")).AddHandler<Item, Handler>(handler => handler.AddFilter(Note("own"))));
        await kit.ResyncAsync();
        Assert.Equal(["common", "own", "Handler Reconnected for nobody in 1", "own ends", "common ends"], _notes);
    }

    [Fact]
    public async Task Each_listener_has_its_own()
    {
        void Add(IServiceCollection services)
        {
            AddNotes(services);
            services.AddPgListener().AddFilter(Note("none")).AddHandler<Item, Handler>();
            services.AddPgListener("orders").AddFilter(Note("orders")).AddHandler<Item, Handler>();
        }

        await using var kit = new HandlerKit(Add);
        await using var named = new HandlerKit(Add, "orders");
        await kit.NotifyAsync();
        await named.NotifyAsync();
        Assert.Equal(["none", "Handler 1 for nobody in 1", "none ends", "orders", "Handler 1 for nobody in 1", "orders ends"], _notes);
    }

    [Theory]
    [InlineData("")]
    [InlineData("orders")]
    public async Task A_filter_is_told_what_the_handler_is_called_for(string listener)
    {
        var seen = new List<NotificationFilterContext>();
        await using var kit = new HandlerKit(
            services =>
            {
                AddNotes(services);
                (listener.Length == 0 ? services.AddPgListener() : services.AddPgListener(listener))
                    .AddFilter((context, next, token) =>
                    {
                        seen.Add(context);
                        return next(token);
                    })
                    .AddHandler<Item, Handler>(handler => handler.Name = "Mine");
            },
            listener);
        await kit.NotifyAsync("text");
        var gap = new Resync("items", ResyncReason.Overflow, since: null, until: DateTimeOffset.UnixEpoch);
        await kit.ResyncAsync(gap);
        var (context, resync) = (seen[0], seen[1]);
        Assert.Equal((listener, "items", "Mine", typeof(Handler), 1), (context.ListenerName, context.Channel, context.HandlerName, context.HandlerType, context.Attempt));
        Assert.Equal((new Item("text"), "text", 7, null), (context.GetValue<Item>(), context.Payload, context.ProcessId, context.Resync));
        Assert.False(context.TryGetValue<string>(out _));
        Assert.Contains("Mine on channel 'items' is of type Item, not String", Assert.Throws<InvalidOperationException>(context.GetValue<string>).Message, StringComparison.Ordinal);

        Assert.Equal((listener, "items", "Mine", typeof(Handler), 1), (resync.ListenerName, resync.Channel, resync.HandlerName, resync.HandlerType, resync.Attempt));
        Assert.Equal((null, "", 0), (resync.Value, resync.Payload, resync.ProcessId));
        Assert.Same(gap, resync.Resync);
        Assert.Contains("gap", Assert.Throws<InvalidOperationException>(resync.GetValue<Item>).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_filter_that_does_not_call_next_skips_the_handler()
    {
        await using var kit = Kit(builder => builder
            .AddFilter((context, next, token) => context.Payload == "skip" ? Task.CompletedTask : next(token))
            .AddHandler<Item, Handler>());
        await kit.NotifyAsync("skip");
        await kit.NotifyAsync("take");
        Assert.Equal(["Handler take for nobody in 1"], _notes);
    }

    [Fact]
    public async Task The_handler_is_resolved_after_the_filters_and_in_their_scope()
    {
        await using var kit = Kit(builder => builder.AddFilter<TenantFilter>().AddHandler<Item, Handler>());
        await kit.NotifyAsync("acme");
        await kit.ResyncAsync();
        Assert.Equal(["Handler acme for acme in 1", "Handler Reconnected for all in 2"], _notes);
    }

    [Fact]
    public async Task A_class_is_made_and_disposed_of_with_the_scope_unless_it_is_registered_otherwise()
    {
        await using (var kit = Kit(builder => builder.AddFilter<CountingFilter>().AddHandler<Item, Handler>(handler => handler.AddFilter<CountingFilter>())))
            await kit.NotifyAsync();
        Assert.Equal(["call 1", "call 1", "Handler 1 for nobody in 1", "disposed", "disposed"], _notes);

        _notes.Clear();
        await using (var kit = Kit(builder =>
        {
            builder.Services.AddSingleton<CountingFilter>();
            builder.AddFilter<CountingFilter>().AddHandler<Item, Handler>();
        }))
        {
            await kit.NotifyAsync();
            await kit.NotifyAsync();
        }

        Assert.Equal(["call 1", "Handler 1 for nobody in 1", "call 2", "Handler 1 for nobody in 2", "disposed"], _notes);
    }

    [Fact]
    public async Task Each_further_call_of_next_is_another_attempt_in_a_scope_of_its_own()
    {
        var scopes = new List<Scope>();
        var contexts = new List<NotificationFilterContext>();
        await using var kit = Kit(builder => builder
            .AddFilter(async (context, next, token) =>
            {
                var own = context.Services.GetRequiredService<Scope>();
                await Assert.ThrowsAsync<InvalidOperationException>(() => next(token));
                await Assert.ThrowsAsync<InvalidOperationException>(() => next(token));
                Assert.Equal([own, scopes[1]], scopes);
                Assert.Equal((false, true), (own.IsDisposed, scopes[1].IsDisposed));
                Assert.Equal((1, own), (context.Attempt, context.Services.GetRequiredService<Scope>()));
                Assert.Equal(2, context.Items["attempts"]);
            })
            .AddFilter((context, next, token) =>
            {
                contexts.Add(context);
                scopes.Add(context.Services.GetRequiredService<Scope>());
                context.Items["attempts"] = context.Attempt;
                return next(token);
            })
            .AddHandler<Item, Handler>());
        await kit.NotifyAsync("throw");
        Assert.Equal(["Handler throw for nobody in 1", "Handler throw for nobody in 2"], _notes);
        Assert.Equal([1, 2], contexts.Select(context => context.Attempt));
        Assert.Equal([("items", "Handler", "throw", 7), ("items", "Handler", "throw", 7)], contexts.Select(context => (context.Channel, context.HandlerName, context.Payload, context.ProcessId)));
        Assert.All(scopes, scope => Assert.True(scope.IsDisposed));
    }

    [Fact]
    public async Task Attempts_of_several_filters_are_counted_together()
    {
        var attempts = new List<int>();
        await using var kit = Kit(builder => builder
            .AddFilter(TwiceAsync)
            .AddFilter(TwiceAsync)
            .AddFilter((context, next, token) =>
            {
                attempts.Add(context.Attempt);
                return next(token);
            })
            .AddHandler<Item, Handler>());
        await kit.NotifyAsync();
        Assert.Equal([1, 2, 3, 4], attempts);
        Assert.Equal(["Handler 1 for nobody in 1", "Handler 1 for nobody in 2", "Handler 1 for nobody in 3", "Handler 1 for nobody in 4"], _notes);

        static async Task TwiceAsync(NotificationFilterContext context, NotificationFilterDelegate next, CancellationToken token)
        {
            await next(token);
            await next(token);
        }
    }

    /// <summary>As when the host has stopped: what a filter tries again then runs beside nothing that it needs.</summary>
    [Fact]
    public async Task No_further_attempt_begins_once_the_call_is_canceled()
    {
        using var call = new CancellationTokenSource();
        var calls = 0;
        await using var kit = new HandlerKit(services => services.AddPgListener()
            .AddFilter(async (_, next, token) =>
            {
                for (var attempt = 1; attempt <= 3; attempt++)
                    await next(CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                await next(token);
            })
            .AddHandler((Notification<Item> _, CancellationToken _) =>
            {
                calls++;
                return call.CancelAsync();
            }));
        Assert.Equal(call.Token, (await Assert.ThrowsAsync<OperationCanceledException>(() => kit.CallAsync("1", call.Token))).CancellationToken);
        Assert.Equal(1, calls);
    }

    [Fact]
    public async Task A_gap_may_be_tried_again_too()
    {
        await using var kit = Kit(builder => builder
            .AddFilter(async (_, next, token) =>
            {
                await next(token);
                await next(token);
            })
            .AddHandler<Item, Handler>());
        await kit.ResyncAsync();
        Assert.Equal(["Handler Reconnected for nobody in 1", "Handler Reconnected for nobody in 2"], _notes);
    }

    [Fact]
    public async Task What_the_handler_throws_passes_through_them_and_may_be_replaced()
    {
        await using var kit = Kit(builder => builder.AddFilter(Note("a")).AddHandler<Item, Handler>());
        Assert.Equal("thrown", (await Assert.ThrowsAsync<InvalidOperationException>(() => kit.NotifyAsync("throw"))).Message);
        Assert.Equal(["a", "Handler throw for nobody in 1", "a ends"], _notes);

        await using var forgiving = Kit(builder => builder
            .AddFilter(async (_, next, token) =>
            {
                try
                {
                    await next(token);
                }
                catch (InvalidOperationException)
                {
                    _notes.Add("forgiven");
                }
            })
            .AddHandler<Item, Handler>());
        await forgiving.NotifyAsync("throw");
        Assert.Equal("forgiven", _notes[^1]);
    }

    [Fact]
    public async Task Those_inside_are_given_the_token_that_next_was_called_with()
    {
        using var call = new CancellationTokenSource();
        using var other = new CancellationTokenSource();
        var tokens = new List<CancellationToken>();
        await using var kit = new HandlerKit(services => services.AddPgListener()
            .AddFilter((_, next, token) =>
            {
                tokens.Add(token);
                return next(other.Token);
            })
            .AddHandler((Notification<Item> _, CancellationToken token) =>
            {
                tokens.Add(token);
                return Task.CompletedTask;
            }));
        await kit.CallAsync("1", call.Token);
        Assert.Equal([call.Token, other.Token], tokens);
    }

    [Fact]
    public async Task They_do_not_see_malformed_payloads()
    {
        await using var kit = Kit(builder => builder.AddFilter(Note("a")).AddHandler<Item, Handler>());
        await Assert.ThrowsAnyAsync<ListenerException>(() => kit.NotifyAsync("!"));
        Assert.Empty(_notes);
    }

    [Fact]
    public async Task They_run_around_a_decorated_handler_and_those_of_AddChannel()
    {
        await using var kit = Kit(builder =>
        {
            builder.AddHandler<Item, Handler>(handler => handler.AddFilter(Note("own")));
            var original = builder.Services.Single(service => service.ServiceType == typeof(INotificationHandler<Item>));
            builder.Services[builder.Services.IndexOf(original)] = ServiceDescriptor.Transient<INotificationHandler<Item>>(
                scope => new Decorator((INotificationHandler<Item>)original.ImplementationFactory!(scope), scope.GetRequiredService<List<string>>()));
            builder.AddChannel<Item>(handler => handler.AddFilter(Note("of channel"))).Services.AddTransient<INotificationHandler<Item>, Second>();
        });
        await kit.NotifyAsync();
        Assert.Equal(["own", "decorator", "Handler 1 for nobody in 1", "own ends", "of channel", "Second 1 for nobody in 2", "of channel ends"], _notes);
    }

    [Fact]
    public async Task The_end_of_the_hosts_services_is_a_cancellation_and_no_failure()
    {
        using var call = new CancellationTokenSource();
        var disposed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var inside = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Exception? seen = null;
        var kit = Kit(builder => builder
            .AddFilter(async (_, next, token) => seen = await Record.ExceptionAsync(() => next(token)))
            .AddFilter(async (_, next, token) =>
            {
                inside.SetResult();
                await disposed.Task;
                await next(token);
            })
            .AddHandler<Item, Handler>());
        var running = kit.CallAsync("1", call.Token);
        await inside.Task.WaitAsync(Limit, Cancellation);
        await kit.DisposeAsync();
        disposed.SetResult();
        Assert.False(running.IsCompleted);
        await call.CancelAsync();
        await running.WaitAsync(Limit, Cancellation);
        Assert.IsAssignableFrom<OperationCanceledException>(seen);
    }

    private Func<NotificationFilterContext, NotificationFilterDelegate, CancellationToken, Task> Note(string text) => async (_, next, token) =>
    {
        _notes.Add(text);
        try
        {
            await next(token);
        }
        finally
        {
            _notes.Add($"{text} ends");
        }
    };

    private HandlerKit Kit(Action<PgListenerBuilder> add) => new(services =>
    {
        AddNotes(services);
        add(services.AddPgListener());
    });

    private void AddNotes(IServiceCollection services) => services.AddSingleton(_notes).AddSingleton<Scopes>().AddScoped<Scope>();
}
