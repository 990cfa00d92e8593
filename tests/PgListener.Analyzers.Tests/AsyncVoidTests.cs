namespace PgListener.Analyzers.Tests;

/// <summary>PGL007.</summary>
public class AsyncVoidTests
{
    [Fact]
    public Task Async_code_that_nobody_awaits_is_found()
        => Rules.AssertFindsAsync(Code.Project("""
            using PgListener;

            class Subscriptions(IPgListener listener, IServiceCollection services)
            {
                public void Subscribe()
                {
                    listener.StateChanged += async (_, _) => await Task.Yield(); // PGL007
                    listener.StateChanged += OnStateChanged; // PGL007
                    services.AddPgListener(async options => // PGL007
                    {
                        await Task.Yield();
                        options.ConnectionName = "late";
                    });
                    listener.StateChanged += async (_, change) =>
                    {
                        try
                        {
                            await Task.Yield();
                        }
                        catch (Exception e)
                        {
                            Console.WriteLine(e);
                        }
                    };
                    listener.StateChanged += (_, change) => Console.WriteLine(change);
                    Elsewhere(async () => await Task.Yield());
                }

                private async void OnStateChanged(object? sender, ListenerStateChangedEventArgs change) => await Task.Yield();

                private static void Elsewhere(Action action) => action();
            }
            """));
}
