using Microsoft.Extensions.DependencyInjection;

namespace PgListener.UnitTests.Hosting;

/// <summary>Handlers without a class: how they are written, what they are given, and what they are told of.</summary>
public sealed class DelegateHandlerTests
{
    private static readonly List<string> Notes = [];

    public DelegateHandlerTests() => Notes.Clear();

    private sealed class One
    {
        public bool Is(object other) => ReferenceEquals(this, other);
    }

    private sealed class Two(One one)
    {
        public One One => one;
    }

    private sealed class Three;

    private sealed class Four;

    private sealed class Handler : INotificationHandler<Item>
    {
        public Task HandleAsync(Notification<Item> notification, CancellationToken cancellationToken)
        {
            Notes.Add($"class {notification.Value.Text}");
            return Task.CompletedTask;
        }
    }

    private sealed class Decorator(INotificationHandler<Item> inner) : INotificationHandler<Item>
    {
        public Task HandleAsync(Notification<Item> notification, CancellationToken cancellationToken)
        {
            Notes.Add("decorator");
            return inner.HandleAsync(notification, cancellationToken);
        }
    }

    /// <summary>Every way to write one: it compiles, it is the overload that was meant, and it is called.</summary>
    public static TheoryData<string, Action<PgListenerBuilder>> Ways => new()
    {
        { "lambda", builder => builder.AddHandler((Notification<Item> notification, CancellationToken _) => NoteAsync(notification)) },
        { "async lambda", builder => builder.AddHandler(async (Notification<Item> notification, CancellationToken _) => await NoteAsync(notification)) },
        { "static lambda", builder => builder.AddHandler(static (Notification<Item> notification, CancellationToken _) => NoteAsync(notification)) },
        { "lambda with settings", builder => builder.AddHandler((Notification<Item> notification, CancellationToken _) => NoteAsync(notification), handler => handler.MaxConcurrency = 2) },
        { "one service", builder => builder.AddHandler((Notification<Item> notification, One one, CancellationToken _) => NoteAsync(notification, one)) },
        { "async, one service", builder => builder.AddHandler(async (Notification<Item> notification, One one, CancellationToken _) => await NoteAsync(notification, one)) },
        { "one service with settings", builder => builder.AddHandler(async (Notification<Item> notification, One one, CancellationToken _) => await NoteAsync(notification, one), handler => handler.MaxConcurrency = 2) },
        { "two services", builder => builder.AddHandler((Notification<Item> notification, One one, Two two, CancellationToken _) => NoteAsync(notification, one, two)) },
        { "two services with settings", builder => builder.AddHandler(async (Notification<Item> notification, One one, Two two, CancellationToken _) => await NoteAsync(notification, one, two), configure: handler => handler.MaxConcurrency = 2) },
        { "three services", builder => builder.AddHandler((Notification<Item> notification, One one, Two two, Three three, CancellationToken _) => NoteAsync(notification, one, two, three)) },
        { "four services", builder => builder.AddHandler(async (Notification<Item> notification, One one, Two two, Three three, Four four, CancellationToken _) => await NoteAsync(notification, one, two, three, four)) },
        { "services alone", builder => builder.AddHandler((Notification<Item> notification, IServiceProvider services, CancellationToken _) => NoteAsync(notification, services.GetRequiredService<One>())) },
        { "types given, lambda", builder => builder.AddHandler<Item>((notification, _) => NoteAsync(notification)) },
        { "types given, async lambda", builder => builder.AddHandler<Item, One>(async (notification, one, _) => await NoteAsync(notification, one)) },
        { "types given, settings", builder => builder.AddHandler<Item, One, Two>((notification, one, two, _) => NoteAsync(notification, one, two), handler => handler.MaxConcurrency = 2) },
        { "method", builder => builder.AddHandler<Item>(ShowAsync) },
        { "method, one service", builder => builder.AddHandler<Item, One>(ShowWithAsync) },
        { "method, settings", builder => builder.AddHandler<Item, One>(ShowWithAsync, handler => handler.MaxConcurrency = 2) },
        { "local function", AddLocal },
        { "variable", builder => builder.AddHandler(Variable) },
        { "class", builder => builder.AddHandler<Item, Handler>() },
        { "class with settings", builder => builder.AddHandler<Item, Handler>(handler => handler.MaxConcurrency = 2) },
        { "class with a method for settings", builder => builder.AddHandler<Item, Handler>(Configure) },
        { "class with a method for settings of any handler", builder => builder.AddHandler<Item, Handler>(ConfigureAny) },
        { "class without settings", builder => builder.AddHandler<Item, Handler>(configure: null) },
    };

    private static Func<Notification<Item>, One, CancellationToken, Task> Variable => (notification, one, _) => NoteAsync(notification, one);

    [Theory]
    [MemberData(nameof(Ways), DisableDiscoveryEnumeration = true)]
    public async Task It_may_be_written_in_many_ways(string way, Action<PgListenerBuilder> add)
    {
        await using var kit = Kit(add);
        await kit.NotifyAsync();
        Assert.Equal(way.StartsWith("class", StringComparison.Ordinal) ? "class 1" : "1", Assert.Single(Notes));
        Assert.Equal(way.Contains("settings", StringComparison.Ordinal) && !way.Contains("without", StringComparison.Ordinal) ? 2 : 1, Assert.Single(kit.Handlers).Options.MaxConcurrency);
    }

    [Fact]
    public async Task Each_call_adds_a_handler_and_each_notification_has_a_scope()
    {
        var seen = new List<(One One, Two Two)>();
        Func<Notification<Item>, One, Two, CancellationToken, Task> handler = (_, one, two, _) =>
        {
            seen.Add((one, two));
            return Task.CompletedTask;
        };
        await using var kit = Kit(builder => builder.AddHandler(handler).AddHandler(handler).AddHandler<Item, Handler>());
        await kit.NotifyAsync();
        await kit.NotifyAsync();
        Assert.Equal(4, seen.Count);
        Assert.All(seen, services => Assert.True(services.One.Is(services.Two.One)));
        Assert.Equal(4, seen.Select(services => services.One).Distinct().Count());
        Assert.Equal(["class 1", "class 1"], Notes);
    }

    [Fact]
    public async Task It_is_told_of_gaps_if_it_wants_to_be()
    {
        await using var kit = Kit(builder => builder
            .AddHandler(
                (Notification<Item> notification, CancellationToken _) => NoteAsync(notification),
                handler => handler.OnResync = (resync, services, _) =>
                {
                    Notes.Add($"{resync.Reason} {services.GetRequiredService<One>().Is(services.GetRequiredService<Two>().One)}");
                    return Task.CompletedTask;
                })
            .AddHandler((Notification<Item> notification, CancellationToken _) => NoteAsync(notification)));
        await kit.ResyncAsync();
        Assert.Equal(["Reconnected True"], Notes);
    }

    [Fact]
    public async Task Filters_run_around_it_and_around_its_gaps()
    {
        await using var kit = Kit(builder => builder
            .AddFilter(Around("common"))
            .AddHandler((Notification<Item> notification, CancellationToken _) => NoteAsync(notification), handler =>
            {
                handler.OnResync = (_, _, _) => NoteAsync("gap");
                handler.AddFilter(Around("own"));
            }));
        await kit.NotifyAsync();
        await kit.ResyncAsync();
        Assert.Equal(["common", "own", "1", "common", "own", "gap"], Notes);

        static Func<NotificationFilterContext, NotificationFilterDelegate, CancellationToken, Task> Around(string text) => (context, next, token) =>
        {
            Assert.Null(context.HandlerType);
            Notes.Add(text);
            return next(token);
        };
    }

    [Fact]
    public async Task It_can_be_decorated_and_keeps_its_name_and_its_gaps()
    {
        await using var kit = Kit(builder =>
        {
            builder.AddHandler<Item>(ShowAsync, handler => handler.OnResync = (_, _, _) => NoteAsync("gap"));
            var original = builder.Services.Single(service => service.ServiceType == typeof(INotificationHandler<Item>));
            builder.Services[builder.Services.IndexOf(original)] = ServiceDescriptor.Transient<INotificationHandler<Item>>(
                scope => new Decorator((INotificationHandler<Item>)original.ImplementationFactory!(scope)));
        });
        await kit.NotifyAsync();
        await kit.ResyncAsync();
        Assert.Equal(["decorator", "1", "gap"], Notes);
        Assert.Equal("ShowAsync", Assert.Single(kit.Handlers).Name);
    }

    [Fact]
    public void What_is_called_for_gaps_is_a_member_of_a_class()
    {
        foreach (var add in new Action<PgListenerBuilder>[]
        {
            builder => builder.AddHandler<Item, Handler>(handler => handler.OnResync = (_, _, _) => Task.CompletedTask),
            builder => builder.AddChannel<Item>(handler => handler.OnResync = (_, _, _) => Task.CompletedTask),
        })
        {
            var error = Assert.Throws<ArgumentException>(() => add(new ServiceCollection().AddPgListener()));
            Assert.Contains("Implement IResyncHandler<Item>", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_wrong_setting_names_handler_and_channel()
    {
        var builder = new ServiceCollection().AddPgListener();
        var error = Assert.Throws<ArgumentException>(() => builder.AddHandler<Item>(ShowAsync, handler => handler.MaxConcurrency = 0));
        Assert.Contains("MaxConcurrency must be from 1 to 10000, but is 0. These are settings of handler ShowAsync on channel Item.", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(builder.Services, service => service.ServiceType == typeof(INotificationHandler<Item>));
        Assert.Throws<ArgumentNullException>(() => builder.AddHandler((Func<Notification<Item>, CancellationToken, Task>)null!));
    }

    [Fact]
    public void A_service_with_a_key_is_refused_and_the_other_way_named()
    {
        var builder = new ServiceCollection().AddPgListener();
        var error = Assert.Throws<ArgumentException>(() => builder.AddHandler((Notification<Item> notification, [FromKeyedServices("a")] One one, CancellationToken _) => NoteAsync(notification, one)));
        Assert.Contains("handler Item delegate on channel Item", error.Message, StringComparison.Ordinal);
        Assert.Contains("IServiceProvider", error.Message, StringComparison.Ordinal);
    }

    private static Task ShowAsync(Notification<Item> notification, CancellationToken cancellationToken) => NoteAsync(notification);

    private static Task ShowWithAsync(Notification<Item> notification, One one, CancellationToken cancellationToken) => NoteAsync(notification, one);

    private static void Configure(HostedHandlerOptions handler) => handler.MaxConcurrency = 2;

    private static void ConfigureAny(HandlerOptions handler) => handler.MaxConcurrency = 2;

    private static void AddLocal(PgListenerBuilder builder)
    {
        builder.AddHandler<Item, One>(LocalAsync);

        static Task LocalAsync(Notification<Item> notification, One one, CancellationToken cancellationToken) => NoteAsync(notification, one);
    }

    private static Task NoteAsync(Notification<Item> notification, params object[] services)
    {
        Assert.All(services, Assert.NotNull);
        return NoteAsync(notification.Value.Text);
    }

    private static Task NoteAsync(string text)
    {
        Notes.Add(text);
        return Task.CompletedTask;
    }

    private static HandlerKit Kit(Action<PgListenerBuilder> add)
        => new(services => add(services.AddScoped<One>().AddScoped<Two>().AddTransient<Three>().AddSingleton<Four>().AddPgListener()));
}
