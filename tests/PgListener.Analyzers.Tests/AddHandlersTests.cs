using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using PgListener.Analyzers.Generation;

namespace PgListener.Analyzers.Tests;

/// <summary>The generated AddHandlers().</summary>
public class AddHandlersTests
{
    private const string Channels = """
        using PgListener;

        namespace Shop;

        public readonly record struct Placed(string Text) : INotificationChannel<Placed>
        {
            public static string ChannelName => "placed";

            public static Placed Parse(string payload) => new(payload);
        }

        public readonly record struct Sold(string Text) : INotificationChannel<Sold>
        {
            public static string ChannelName => "sold";

            public static Sold Parse(string payload) => new(payload);
        }
        """;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_handler_class_is_added_for_each_of_its_channels_in_order()
        => Assert.Equal(
            [
                "builder.AddHandler<global::Shop.Placed, global::Shop.Both>();",
                "builder.AddHandler<global::Shop.Sold, global::Shop.Both>();",
                "builder.AddHandler<global::Shop.Placed, global::Shop.Derived>();",
                "builder.AddHandler<global::Shop.Sold, global::Shop.Outer.Nested>();",
            ],
            await CallsAsync("""
                namespace Shop;

                public static class Outer
                {
                    internal sealed class Nested : Handler, INotificationHandler<Sold>;
                }

                public sealed class Derived : PlacedBase;

                public abstract class PlacedBase : Handler, INotificationHandler<Placed>;

                public sealed partial class Both : INotificationHandler<Sold>;

                public sealed partial class Both : Handler, INotificationHandler<Placed>;
                """));

    [Theory]
    [InlineData("public abstract class H : Handler, INotificationHandler<Placed>;")]
    [InlineData("public class H<T> : Handler, INotificationHandler<Placed>;")]
    [InlineData("public class Outer<T> { public class H : Handler, INotificationHandler<Placed>; }")]
    [InlineData("public class Outer { private sealed class H : Handler, INotificationHandler<Placed>; }")]
    [InlineData("public class Outer { protected class H : Handler, INotificationHandler<Placed>; }")]
    [InlineData("file class H : Handler, INotificationHandler<Placed>;")]
    [InlineData("public class H(INotificationHandler<Placed> inner) : Handler, INotificationHandler<Placed> { public object Inner => inner; }")]
    [InlineData("public class H(INotificationHandler<Placed>[] inner) : Handler, INotificationHandler<Placed> { public object Inner => inner; }")]
    [InlineData("[ExcludeFromAddHandlers] public class H : Handler, INotificationHandler<Placed>;")]
    [InlineData("[System.Obsolete(\"No.\", true)] public class H : Handler, INotificationHandler<Placed>;")]
    [InlineData("public static class Outer { [System.Obsolete(\"No.\", true)] public static class Inner { public class H : Handler, INotificationHandler<Placed>; } }")]
    [InlineData("[System.Obsolete] public class H : Handler, INotificationHandler<Old> { public System.Threading.Tasks.Task HandleAsync(Notification<Old> notification, System.Threading.CancellationToken cancellationToken) => System.Threading.Tasks.Task.CompletedTask; } [System.Obsolete(\"No.\", true)] public readonly record struct Old(string Text) : INotificationChannel<Old> { public static string ChannelName => \"old\"; public static Old Parse(string payload) => new(payload); }")]
    [InlineData("public struct H : INotificationHandler<Placed> { public System.Threading.Tasks.Task HandleAsync(Notification<Placed> notification, System.Threading.CancellationToken cancellationToken) => System.Threading.Tasks.Task.CompletedTask; }")]
    public async Task What_cannot_or_must_not_be_added_is_left_out(string type)
        => Assert.Empty(await CallsAsync("namespace Shop;\n" + type));

    [Fact]
    public async Task A_decorator_of_one_channel_may_handle_another()
        => Assert.Equal(
            ["builder.AddHandler<global::Shop.Sold, global::Shop.H>();"],
            await CallsAsync("namespace Shop; public class H(INotificationHandler<Placed> inner) : Handler, INotificationHandler<Placed>, INotificationHandler<Sold> { public object Inner => inner; }"));

    [Fact]
    public async Task An_obsolete_handler_warns_nobody()
        => Assert.Single(await CallsAsync("namespace Shop; [System.Obsolete] public class H : Handler, INotificationHandler<Placed>;"));

    [Theory]
    [InlineData("public record H : INotificationHandler<Placed> { public System.Threading.Tasks.Task HandleAsync(Notification<Placed> notification, System.Threading.CancellationToken cancellationToken) => System.Threading.Tasks.Task.CompletedTask; }", "global::Shop.Placed, global::Shop.H")]
    [InlineData("public class @class : Handler, INotificationHandler<Placed>;", "global::Shop.Placed, global::Shop.@class")]
    [InlineData("public interface @event { public class H : Handler, INotificationHandler<Placed>; }", "global::Shop.Placed, global::Shop.@event.H")]
    [InlineData("internal class Mine; internal readonly record struct Of<T> : INotificationChannel<Of<T>> { public static string ChannelName => \"of\"; public static Of<T> Parse(string payload) => new(); } internal class H : INotificationHandler<Of<Mine[]>> { public System.Threading.Tasks.Task HandleAsync(Notification<Of<Mine[]>> notification, System.Threading.CancellationToken cancellationToken) => System.Threading.Tasks.Task.CompletedTask; }", "global::Shop.Of<global::Shop.Mine[]>, global::Shop.H")]
    [InlineData("[System.Diagnostics.CodeAnalysis.Experimental(\"X1\")] public class H : Handler, INotificationHandler<Placed>;", "global::Shop.Placed, global::Shop.H")]
    public async Task What_has_an_unusual_name_or_kind_is_added_as_well(string type, string call)
        => Assert.Equal([$"builder.AddHandler<{call}>();"], await CallsAsync("namespace Shop;\n" + type));

    [Fact]
    public async Task Without_a_handler_it_adds_nothing()
    {
        var compilation = await Code.CompileAsync(Code.Project("new ServiceCollection().AddPgListener().AddHandlers();"), Cancellation);
        Assert.DoesNotContain("AddHandler<global", SourceOf(compilation), StringComparison.Ordinal);
    }

    [Fact]
    public void Without_the_library_it_is_not_there()
    {
        var references = Code.References.Where(reference => !Path.GetFileName(reference.Display)!.StartsWith("PgListener.", StringComparison.Ordinal));
        var compilation = CSharpCompilation.Create("Other", [CSharpSyntaxTree.ParseText("class C;", Code.ParseOptions, cancellationToken: Cancellation)], references);
        var result = CSharpGeneratorDriver.Create([new AddHandlersGenerator().AsSourceGenerator()], parseOptions: Code.ParseOptions).RunGenerators(compilation, Cancellation).GetRunResult();
        Assert.DoesNotContain(result.GeneratedTrees, tree => tree.FilePath.EndsWith(AddHandlersSource.FileName, StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_assembly_that_sees_the_internals_of_another_one_calls_its_own()
    {
        var first = await Code.CompileAsync(
            Code.Project("""[assembly: System.Runtime.CompilerServices.InternalsVisibleTo("App2")]""", Channels), Cancellation);
        using var image = new MemoryStream();
        Assert.True(first.Emit(image, cancellationToken: Cancellation).Success);
        image.Position = 0;

        var project = Code.Project("new ServiceCollection().AddPgListener().AddHandlers();").AddMetadataReference(MetadataReference.CreateFromStream(image));
        var second = await Code.CompileAsync(project.WithAssemblyName("App2"), Cancellation);
        var call = second.SyntaxTrees.Single(tree => tree.FilePath == "File0.cs");
        var invocation = (await call.GetRootAsync(Cancellation)).DescendantNodes().OfType<Microsoft.CodeAnalysis.CSharp.Syntax.InvocationExpressionSyntax>().First();
        Assert.Equal("App2", second.GetSemanticModel(call).GetSymbolInfo(invocation, Cancellation).Symbol?.ContainingAssembly.Name);
    }

    [Theory]
    [InlineData(1, "class Unrelated { int _more; }", false)]
    [InlineData(1, "class Unrelated : System.IDisposable { public void Dispose() { } }", false)]
    [InlineData(0, "class H : Handler, INotificationHandler<Placed> { private int _more; }", false)]
    [InlineData(1, "class H2 : Shop.H;", true)]
    [InlineData(0, "class H : Handler, INotificationHandler<Sold>;", true)]
    public async Task Only_a_change_of_the_handlers_generates_anything_anew(int file, string edited, bool isAffected)
    {
        var compilation = (CSharpCompilation)(await Code.Project(Channels + Handler("class H : Handler, INotificationHandler<Placed>;"), "class Unrelated;").GetCompilationAsync(Cancellation))!;
        var options = new GeneratorDriverOptions(IncrementalGeneratorOutputKind.None, trackIncrementalGeneratorSteps: true);
        var driver = CSharpGeneratorDriver.Create([new AddHandlersGenerator().AsSourceGenerator()], parseOptions: Code.ParseOptions, driverOptions: options).RunGenerators(compilation, Cancellation);

        var old = compilation.SyntaxTrees.Single(tree => tree.FilePath == $"File{file}.cs");
        var text = file == 0 ? Channels + Handler(edited) : edited;
        var changed = compilation.ReplaceSyntaxTree(old, CSharpSyntaxTree.ParseText(text, Code.ParseOptions, old.FilePath, cancellationToken: Cancellation));
        var result = driver.RunGenerators(changed, Cancellation).GetRunResult().Results.Single();
        Assert.Equal(isAffected, result.TrackedSteps[AddHandlersGenerator.CallsStep].Single().Outputs.Single().Reason == IncrementalStepRunReason.Modified);
        var written = result.TrackedOutputSteps.SelectMany(step => step.Value).SelectMany(step => step.Outputs).Select(output => output.Reason);
        Assert.All(written, reason => Assert.Equal(isAffected ? IncrementalStepRunReason.Modified : IncrementalStepRunReason.Cached, reason));
    }

    private static async Task<string[]> CallsAsync(string handlers)
    {
        var compilation = await Code.CompileAsync(Code.Project(Channels, "using PgListener;\n" + handlers, Handler("")), Cancellation);
        return [.. SourceOf(compilation).Split('\n').Select(line => line.Trim()).Where(line => line.StartsWith("builder.", StringComparison.Ordinal))];
    }

    /// <summary>A base class that fulfils both interfaces, so that the handlers need no body.</summary>
    private static string Handler(string handlers) => (handlers.Length == 0 ? "using PgListener;\nnamespace Shop;\n" : "") + """

        public abstract class Handler
        {
            public Task HandleAsync(Notification<Placed> notification, CancellationToken cancellationToken) => Task.CompletedTask;

            public Task HandleAsync(Notification<Sold> notification, CancellationToken cancellationToken) => Task.CompletedTask;
        }

        """ + handlers;

    private static string SourceOf(Compilation compilation)
        => compilation.SyntaxTrees.Single(tree => tree.FilePath.EndsWith(AddHandlersSource.FileName, StringComparison.Ordinal)).ToString();
}
