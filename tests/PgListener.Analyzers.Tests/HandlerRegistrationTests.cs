namespace PgListener.Analyzers.Tests;

/// <summary>PGL001.</summary>
public class HandlerRegistrationTests
{
    private const string Channel = """


        public sealed record Placed(long Id) : PgListener.IJsonNotificationChannel<Placed>
        {
            public static string ChannelName => "placed";
        }
        """;

    private const string Handler = Channel + """


        public sealed class First : PgListener.INotificationHandler<Placed>{0}
        {
            public Task HandleAsync(PgListener.Notification<Placed> notification, CancellationToken cancellationToken) => Task.CompletedTask;
        }
        """;

    private static string Marked => Handler.Replace("{0}", " // PGL001", StringComparison.Ordinal);

    private static string Unmarked => Handler.Replace("{0}", "", StringComparison.Ordinal);

    [Theory]
    [InlineData("new ServiceCollection().AddPgListener();")]
    [InlineData("Console.WriteLine(nameof(First));")]
    [InlineData("new ServiceCollection().AddPgListener().AddChannel<Placed>();")]
    public Task A_handler_that_nothing_registers_is_found(string program)
        => Rules.AssertFindsAsync(Code.Project(program + Marked));

    [Theory]
    [InlineData("new ServiceCollection().AddPgListener().AddHandler<Placed, First>();")]
    [InlineData("new ServiceCollection().AddPgListener().AddHandlers();")]
    [InlineData("new ServiceCollection().AddScoped<PgListener.INotificationHandler<Placed>, First>().AddPgListener().AddChannel<Placed>();")]
    [InlineData("new ServiceCollection().AddScoped(typeof(PgListener.INotificationHandler<Placed>), typeof(First));")]
    [InlineData("new ServiceCollection().AddScoped<PgListener.INotificationHandler<Placed>>(_ => new First());")]
    [InlineData("First first = new(); new ServiceCollection().AddSingleton<PgListener.INotificationHandler<Placed>>(first);")]
    [InlineData("new ServiceCollection().AddPgListener().AddHandler<Placed, global::First>();")]
    [InlineData("foreach (var type in typeof(Placed).Assembly.GetTypes().Where(type => type.GetInterfaces().Any(i => i.IsGenericType && i.GetGenericTypeDefinition() == typeof(PgListener.INotificationHandler<>)))) Console.WriteLine(type);")]
    public Task A_handler_that_something_registers_is_not(string program)
        => Rules.AssertFindsAsync(Code.Project(program + Unmarked));

    [Fact]
    public Task It_may_be_registered_in_another_file()
        => Rules.AssertFindsAsync(Code.Project(
            "static class Registrations { public static void Add(IServiceCollection services) => services.AddPgListener().AddHandlers(); }",
            "return;" + Unmarked));

    [Fact]
    public Task A_library_leaves_it_to_the_application()
        => Rules.AssertFindsAsync(Code.Project(Unmarked));

    [Fact]
    public Task What_AddHandlers_leaves_out_has_to_be_added_by_itself()
        => Rules.AssertFindsAsync(Code.Project("new ServiceCollection().AddPgListener().AddHandlers();" + Channel + """


            [PgListener.ExcludeFromAddHandlers]
            public sealed class Excluded : PgListener.INotificationHandler<Placed> // PGL001
            {
                public Task HandleAsync(PgListener.Notification<Placed> notification, CancellationToken cancellationToken) => Task.CompletedTask;
            }

            file sealed class Hidden : PgListener.INotificationHandler<Placed> // PGL001
            {
                public Task HandleAsync(PgListener.Notification<Placed> notification, CancellationToken cancellationToken) => Task.CompletedTask;
            }
            """));

    [Fact]
    public Task Base_classes_decorators_and_open_generics_are_no_handlers_by_themselves()
        => Rules.AssertFindsAsync(Code.Project("new ServiceCollection().AddPgListener();" + Channel + """


            public abstract class Base : PgListener.INotificationHandler<Placed>
            {
                public Task HandleAsync(PgListener.Notification<Placed> notification, CancellationToken cancellationToken) => Task.CompletedTask;
            }

            public sealed class Timed(PgListener.INotificationHandler<Placed> inner) : PgListener.INotificationHandler<Placed>
            {
                public Task HandleAsync(PgListener.Notification<Placed> notification, CancellationToken cancellationToken) => inner.HandleAsync(notification, cancellationToken);
            }

            public sealed class All(IEnumerable<PgListener.INotificationHandler<Placed>> inner) : PgListener.INotificationHandler<Placed>
            {
                public Task HandleAsync(PgListener.Notification<Placed> notification, CancellationToken cancellationToken) => Task.WhenAll(inner.Select(handler => handler.HandleAsync(notification, cancellationToken)));
            }

            public sealed class Any<T> : PgListener.INotificationHandler<T> where T : PgListener.INotificationChannel<T>
            {
                public Task HandleAsync(PgListener.Notification<T> notification, CancellationToken cancellationToken) => Task.CompletedTask;
            }
            """));

    [Theory]
    [InlineData(RegisterHandlerFix.AddHandlersKey, "new ServiceCollection().AddPgListener();", "new ServiceCollection().AddPgListener().AddHandlers();")]
    [InlineData(RegisterHandlerFix.AddHandlerKey, "new ServiceCollection().AddPgListener();", "new ServiceCollection().AddPgListener().AddHandler<Placed, First>();")]
    [InlineData(
        RegisterHandlerFix.AddHandlerKey,
        "new ServiceCollection().AddPgListener()\n    .UseDataSource();",
        "new ServiceCollection().AddPgListener()\n    .AddHandler<Placed, First>()\n    .UseDataSource();")]
    [InlineData(
        RegisterHandlerFix.AddHandlersKey,
        "var services = new ServiceCollection();\nservices.AddHealthChecks().AddPgListener();\nservices.AddPgListener(\"other\"); // the listener\n",
        "var services = new ServiceCollection();\nservices.AddHealthChecks().AddPgListener();\nservices.AddPgListener(\"other\").AddHandlers(); // the listener\n")]
    public Task The_fix_registers_it(string key, string before, string after)
        => Rules.AssertFixesAsync(Code.Project(before + Unmarked), after + Unmarked, key);

    [Fact]
    public Task The_fix_finds_the_listener_in_another_file_and_imports_what_it_names()
        => Rules.AssertFixesAsync(
            Code.Project(
                "new ServiceCollection().AddPgListener();\n",
                """
                using PgListener;

                namespace Shop;

                public readonly record struct Sold(string Text) : INotificationChannel<Sold>
                {
                    public static string ChannelName => "sold";

                    public static Sold Parse(string payload) => new(payload);
                }

                internal sealed class SoldHandler : INotificationHandler<Sold>
                {
                    public Task HandleAsync(Notification<Sold> notification, CancellationToken cancellationToken) => Task.CompletedTask;
                }
                """),
            "using Shop;\n\nnew ServiceCollection().AddPgListener().AddHandler<Sold, SoldHandler>();\n",
            RegisterHandlerFix.AddHandlerKey);

    [Fact]
    public Task Without_a_listener_there_is_nothing_to_add_it_to()
        => Rules.AssertFixesAsync(Code.Project("return;" + Unmarked), expected: null);
}
